"""Against the model in use: a worse model seldom passes, a good one mostly, and both are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlops.core.dataset import Dataset, Task
from mlops.core.report import Footprint, Predictions, Rival
from mlops.evaluator.gates import MARGIN, asked
from mlops.evaluator.regression import Numbers, Regression
from mlops.evaluator.rivalry import Rivalry

SAYS = "all 100 test rows, new to both"


def against(ours: np.ndarray, theirs: np.ndarray, *, seed: int = 0) -> Rivalry:
    """Two models with these errors, where the right answer is 0, 1, 2, …"""
    y = np.arange(len(ours)) / 10
    rows = Numbers(y, y - ours), Numbers(y, y - theirs)
    measures = {measure.name: measure for measure in Regression.measures}
    return Rivalry(Rival("version 3 (champion)", SAYS), *rows, len(y), measures, seed)


def shares(worse_by: float, margin: float, *, trials: int = 300, n_rows: int = 100) -> float:
    """How often a model passes whose mean absolute error is greater by `worse_by` in truth."""
    random = np.random.default_rng(0)
    passed = 0
    for seed in range(trials):
        theirs = 5 + random.normal(0, 2, n_rows)  # positive: the absolute error is the error
        ours = theirs + random.normal(worse_by, 0.5, n_rows)
        passed += against(ours, theirs, seed=seed).gate("mae", margin).passed
    return passed / trials


def test_a_model_that_is_worse_by_the_margin_passes_once_in_twenty() -> None:
    assert shares(0.3, 0.3) == pytest.approx(0.05, abs=0.03)


def test_a_model_that_is_worse_by_more_does_not_pass_and_one_by_less_mostly_does() -> None:
    assert shares(0.45, 0.3, trials=100) == 0
    assert shares(0.1, 0.3, trials=100) > 0.95  # four standard errors of 0.05 lie between


def test_fewer_rows_need_more_room() -> None:
    assert shares(0.1, 0.3, trials=100, n_rows=30) < shares(0.1, 0.3, trials=100, n_rows=200)


def test_rows_are_paired_so_that_hard_rows_do_not_hide_a_small_difference() -> None:
    hard = np.random.default_rng(0).exponential(10, 100)
    gate = against(hard + 0.1, hard).gate("mae", 0.2)  # 0.1 ± 0, where each varies by ± 1
    assert gate.passed
    assert gate.says.endswith("; worse by 0.1, at most by 0.1 with 95 % certainty")
    assert not against(hard + 0.1, hard).gate("mae", 0.05).passed


def test_the_bound_is_that_of_the_normal_theory() -> None:
    random = np.random.default_rng(1)
    theirs = 5 + random.normal(0, 1, 400)
    ours = theirs + random.normal(0.2, 0.5, 400)
    said = against(ours, theirs).gate("mae", 9).says
    bound = float(said.partition("at most by ")[2].split()[0])
    difference = ours - theirs
    expected = difference.mean() + 1.645 * difference.std() / np.sqrt(400)
    assert bound == pytest.approx(expected, abs=0.005)


def test_worse_is_less_where_greater_is_better() -> None:
    errors = np.random.default_rng(0).normal(size=100)
    worse, better = against(3 * errors, errors), against(errors, 3 * errors)
    assert not worse.gate("r2", 0.01).passed
    assert "; worse by " in worse.gate("r2", 0.01).says
    assert better.gate("r2", 0).passed
    assert "; better by " in better.gate("r2", 0).says


def test_a_margin_of_0_takes_the_same_model_and_digits_that_were_lost() -> None:
    errors = np.random.default_rng(0).normal(size=100)
    assert against(errors, errors).gate("rmse", 0).says.endswith("; the same")
    gate = against(errors * (1 + 1e-13), errors).gate("rmse", 0)
    assert gate.passed
    assert gate.says.endswith("; the same")


def test_a_seed_gives_the_same_verdict() -> None:
    random = np.random.default_rng(0)
    ours, theirs = random.normal(size=(2, 100))
    assert against(ours, theirs).gate("mse", 1) == against(ours, theirs).gate("mse", 1)


@pytest.mark.parametrize("side", [0, 1])
def test_what_is_undefined_is_refused(side: int) -> None:
    errors = [np.ones(100), np.ones(100)]
    errors[side][:50] = np.nan
    gate = against(*errors).gate("mae", 9)
    assert not gate.passed
    assert gate.says.endswith(f": undefined on {SAYS}")


def rival_of(data: Dataset, answers: Predictions, positions: np.ndarray) -> Rival:
    return Rival("version 3 (champion)", SAYS, positions, answers.at(positions))


@pytest.mark.parametrize("name", ["houses", "loans"])
def test_the_same_answers_are_the_same_by_every_metric_on_the_rows_that_are_named(
    evaluator: Any, judge: Any, make_answers: Any, request: Any, name: str
) -> None:
    data = request.getfixturevalue(name)
    rule = evaluator(data.task.name, beat_baseline=False, leak_above=None, resamples=0)
    rule.gates = {each.name: {MARGIN: 0} for each in rule.measures}
    answers, positions = make_answers(data), np.arange(5, 205)
    report = judge(rule, data, answers, rival=rival_of(data, answers, positions))
    assert len(report.gates) == len(rule.measures)
    assert all(gate.passed and gate.says.endswith("; the same") for gate in report.gates)
    at = data.rows(positions)
    alone = rule.scores(at.y, answers.at(positions), data.task)
    for gate, (metric, value) in zip(report.gates, alone.items(), strict=True):
        assert gate.says.startswith(
            f"{metric} is {value:.4g}, version 3 (champion) has {value:.4g}"
        )


def test_badly_calibrated_chances_are_refused_against_good_ones(
    evaluator: Any, judge: Any, loans: Dataset, make_answers: Any
) -> None:
    good = make_answers(loans)
    sure = Predictions(good.values, np.round(good.probabilities))
    gates = {"calibration_error": {MARGIN: 0.05, "max": 0.15}, "accuracy": {MARGIN: 0}}
    rule = evaluator("classification", gates=gates, beat_baseline=False, leak_above=None)
    report = judge(rule, loans, sure, rival=rival_of(loans, good, np.arange(300)))
    assert [gate.passed for gate in report.gates] == [False, False, True]


def test_where_nothing_can_be_compared_it_is_said_and_only_no_champion_passes(
    evaluator: Any, judge: Any, houses: Dataset
) -> None:
    rule = evaluator("regression", gates={"mae": {MARGIN: 1}}, beat_baseline=False, leak_above=None)

    def only(**given: Any) -> tuple[bool, str]:
        (gate,) = judge(rule, houses, **given).gates
        return gate.passed, gate.says

    assert only(rival=Rival(says="there is no champion yet")) == (True, "there is no champion yet")
    left = "not comparable with version 3: only 9 rows are left"
    assert only(rival=Rival("version 3", "only 9 rows are left")) == (False, left)
    assert only() == (False, "nobody told which model is in use")


def test_size_and_latency_are_judged_as_they_were_measured(
    evaluator: Any, judge: Any, houses: Dataset
) -> None:
    gates = {"size_mb": {"max": 2}, "latency_ms": {"max": 2}}
    rule = evaluator("regression", gates=gates, beat_baseline=False, leak_above=None)
    size, latency = judge(rule, houses, footprint=Footprint(2_000_001, 0.001)).gates
    assert (size.name, size.passed) == ("size_mb ≤ 2", False)
    assert size.says == "the model's file has 2,000,001 bytes"
    assert (latency.name, latency.passed) == ("latency_ms ≤ 2", True)
    assert latency.says.startswith("one row takes 1 ms")
    assert not any(gate.passed for gate in judge(rule, houses).gates)  # not measured


def test_only_what_a_gate_needs_is_asked_for(evaluator: Any) -> None:
    assert evaluator("regression").asks() == ()
    assert asked({"rmse": {"max": 6, MARGIN: None}, "size_mb": {"max": None}}) == ()
    assert asked({"rmse": {MARGIN: 0}, "size_mb": {"max": 1}}) == ("rival", "footprint")


def test_a_task_without_the_metric_is_told_and_the_file_is_no_metric(
    evaluator: Any, houses: Dataset
) -> None:
    rule = evaluator("regression", gates={"size_mb": {"max": 1}})
    assert rule.for_task(Task("regression", "price")) is rule
    assert "size_mb" not in rule.names()
