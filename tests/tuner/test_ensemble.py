"""The best trials are joined where that is better, and learn nothing from the rows that judge."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops.config.catalogue import Catalogue
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core import artefact
from mlops.core.store import Store
from mlops.core.tuning import Trial
from mlops.flow.bench import Bench, crew_for
from mlops.flow.ensemble import Blend
from mlops.flow.fitting import Fitter
from mlops.flow.prepare import prepare
from mlops.flow.steps import Steps
from mlops.ui.silent import Silent

HERE = "compute.workers=0"
SLOPES = ["tuner=random", "tuner.trials=6", "tuner.ensemble=4", HERE]
JUDGED = ["mode.judge=true", "registry=mlflow"]
OPPOSITE = [*SLOPES, "tuner.space.model.slope=choice(1.0, 3.0)"]
MEMBERS = [
    {"model": "ridge", "model.threshold": 0.5, "model.alpha": alpha}
    for alpha in (0.1, 30.0, 3000.0)
]


def test_the_mean_of_two_that_err_in_opposite_ways_is_taken(place):
    result = place(*OPPOSITE, *JUDGED)
    told = result.details["ensemble"]
    assert {each["params"]["model.slope"] for each in told["members"]} == {1.0, 3.0}
    assert result.details["best"]["model.slope"] in (1.0, 3.0)
    assert result.metrics[0]["value"] == pytest.approx(0.2, abs=0.1)
    assert result.metrics[0]["cv_mean"] == pytest.approx(0.2, abs=0.1)
    candidate = json.loads((place.folder / result.folder / "candidate.json").read_text())
    assert candidate["ensemble"] == told


def test_the_one_file_holds_all_of_it(place):
    result = place(*OPPOSITE)
    path = place.folder / result.folder / "model" / "model.skops"
    loaded = artefact.load(path, allowed=["trouble.*"])
    points = pd.read_csv(place.folder / "points.csv")
    np.testing.assert_allclose(loaded.predict(points[["x"]]), 2.0 * points["x"])


def test_an_ensemble_that_is_no_better_is_not_taken(place):
    result = place(*SLOPES, "tuner.space.model.slope=choice(2.0, 4.0)", "tuner.ways=[mean]")
    assert "ensemble" not in result.details
    assert result.details["best"]["model.slope"] == 2.0


def test_each_ensemble_that_was_tried_is_a_child_run(place):
    result = place(*OPPOSITE)
    files = place.folder.glob("outputs/spool/**/*.json")
    records = [json.loads(path.read_text())["record"] for path in files]
    tried = {each["key"]: each for each in records if "ensemble" in each["params"]}
    assert set(tried) == {f"{result.key}-mean", f"{result.key}-stack"}
    assert {each["parent_key"] for each in tried.values()} == {result.key}
    for each in tried.values():
        assert {"rmse_cv", "rmse_fold"} <= {name for name, *_ in each["metrics"]}


def test_where_two_cannot_be_joined_there_is_no_ensemble(place):
    result = place(
        *SLOPES, "tuner.space.model.slope=choice(1.0)", "tuner.space.model.word='fine,raise'"
    )
    assert "ensemble" not in result.details


def test_members_that_do_not_come_in_time_or_fail_are_left_out(prepared):
    job, whole, steps = prepared
    evaluator = job.part("evaluator").for_task(whole.dataset.task)
    params = [*MEMBERS, {"model": "ridge", "model.alpha": "no number"}]
    trials = [Trial(number=at, params=each, scores=()) for at, each in enumerate(params)]
    with crew_for(job, whole, steps) as crew:
        blend = Blend(Fitter(whole, steps), evaluator)
        found = blend(crew, trials, ["stack"], evaluator.primary)
        assert [[each.number for each in ensemble.members] for ensemble in found] == [[0, 1, 2]]
        assert blend(crew, trials, ["mean", "stack"], evaluator.primary, budget_s=0.0) == ()
        assert crew.next() is None


def test_an_ensemble_is_repeated_to_the_last_bit(place):
    first = place(*OPPOSITE, *JUDGED)
    again = place("rerun", f"run={first.key}", *JUDGED)
    assert again.outcome == "passed", again.details


@pytest.fixture
def prepared(tmp_path: Path):
    """Three hundred customers of whom some are bad, which costs more than to miss a good one."""
    words = ["recipe=credit_scoring", "mode.max_rows=300", "mode.folds=3", HERE]
    words += ["tuner=automl", "tuner.options.cleaner=null", "tuner.options.features=null"]
    job = Job.of(compose(words, Catalogue(tmp_path)))
    steps = Steps(Store(job.outputs / "cache"), job.name, Silent())
    return job, prepare(job, steps), steps


def answered(job, prepared, steps):
    """What the ensembles answer on each fold: way and size, fold, the answers."""
    task = prepared.dataset.task
    evaluator = job.part("evaluator").for_task(task)
    heard = []

    class Listening:
        """The evaluator, with an ear for what it is given."""

        primary, greater_is_better = evaluator.primary, evaluator.greater_is_better

        def scores(self, y, answers, task):
            heard.append(answers)
            return evaluator.scores(y, answers, task)

    fitter = Fitter(prepared, steps)
    trials = [Trial(number=at, params=each, scores=()) for at, each in enumerate(MEMBERS)]
    with crew_for(job, prepared, steps) as crew:
        found = Blend(fitter, Listening())(crew, trials, ["mean", "stack"], evaluator.primary)
    return heard, found


def test_what_joins_them_has_not_seen_the_fold_that_judges(prepared):
    job, whole, steps = prepared
    before, found = answered(job, whole, steps)
    assert {each.how for each in found} == {"mean", "stack"}
    assert all(0 < each.threshold < 0.9 for each in found)
    train, held = whole.split.train, whole.split.folds[0][1]
    frame, target = whole.dataset.frame.copy(), whole.dataset.task.target
    frame.loc[train[held], target] = frame.loc[train[held], target].to_numpy()[::-1]
    turned = replace(whole, dataset=replace(whole.dataset, frame=frame), key="turned")
    after, _ = answered(job, turned, steps)
    folds = len(whole.split.folds)
    for at, (one, other) in enumerate(zip(before, after, strict=True)):
        is_same = np.array_equal(one.probabilities, other.probabilities)
        assert is_same == (at % folds == 0), f"fold {at % folds}"
        assert at % folds != 0 or (one.values == other.values).all()


def test_the_bench_answers_as_the_fitter_does(prepared):
    job, whole, steps = prepared
    fitter = Fitter(whole, steps)
    pair = fitter.answers(job.with_values(MEMBERS[0]), (0, 2))
    fit, held = fitter.sides((0, 2))
    assert len(fit.frame) == len(whole.split.folds[1][1])
    assert len(pair.values) == len(held.frame)
    assert Bench(replace(job, _parts={}), whole.key).key == whole.key
