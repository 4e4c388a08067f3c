"""Gates refuse what they should, say why, and are checked before anything runs."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from mlops.core.errors import MlopsError
from mlops.core.report import Predictions


def _only(report: Any) -> Any:
    (gate,) = report.gates
    return gate


def test_without_any_gate_the_primary_metric_has_to_beat_the_baseline(
    evaluator: Any, judge: Any, houses: Any
) -> None:
    good = judge(evaluator("regression"), houses)
    assert [gate.name for gate in good.gates] == ["rmse better than baseline", "no leak"]
    assert good.passed
    bad = judge(evaluator("regression"), houses, Predictions(np.zeros(300)))
    assert not bad.passed
    assert "the trivial model has" in bad.gates[0].says


@pytest.mark.parametrize(
    ("gates", "passed"),
    [
        ({"rmse": {"max": 40.0}}, True),
        ({"rmse": {"max": 10}}, False),
        ({"r2": {"min": 0.5}}, True),
        ({"r2": {"min": 0.999}}, False),
        ({"mae": {"better_than_baseline": True}}, True),
        ({"rmse": {"worst_slice_max": 60}}, True),
        ({"rmse": {"worst_slice_max": 30}}, False),
    ],
)
def test_a_gate_passes_or_refuses_by_its_number(
    evaluator: Any, judge: Any, houses: Any, gates: Any, passed: bool
) -> None:
    keys = {"beat_baseline": False, "leak_above": None, "slices": ["rooms"]}
    gate = _only(judge(evaluator("regression", gates=gates, **keys), houses))
    assert gate.passed is passed
    assert next(iter(gates)) in gate.name


def test_an_undefined_metric_meets_no_gate(evaluator: Any, judge: Any, houses: Any) -> None:
    keys = {"beat_baseline": False, "leak_above": None, "gates": {"r2": {"min": 0.0}}}
    wild = Predictions(np.full(300, np.nan))
    gate = _only(judge(evaluator("regression", **keys), houses, wild))
    assert not gate.passed
    assert "undefined" in gate.says


def test_in_smoke_mode_gates_are_shown_and_refuse_nothing(
    evaluator: Any, judge: Any, houses: Any
) -> None:
    strict = evaluator("regression", gates={"rmse": {"max": 0.1}}, binding=False)
    report = judge(strict, houses)
    assert report.passed
    gate = next(gate for gate in report.gates if "0.1" in gate.name)
    assert gate.says.startswith("not met: ")
    assert gate.says.endswith("(not judged in smoke mode)")
    assert [each.waived for each in report.gates] == [each is gate for each in report.gates]


@pytest.mark.parametrize(
    ("keys", "code", "nearest"),
    [
        ({"primary": "rsme"}, "unknown-metric", "rmse"),
        ({"gates": {"R2": {"min": 0}}}, "unknown-metric", "r2"),
        ({"gates": {"rmse": {"maximum": 6}}}, "unknown-condition", "max"),
        ({"gates": {"rmse": 6}}, "bad-gate", ""),
        ({"gates": {"rmse": {"max": "six"}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"max": True}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"max": float("nan")}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"min": 6, "max": 5}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"better_than_baseline": 1}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"worst_slice_max": 1}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"not_worse_than_champion_by": -0.1}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"not_worse_than_champion_by": "10 %"}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"not_worse_than_champion_by": True}}}, "bad-gate", ""),
        ({"gates": {"rmse": {"not_worse_than_champion_by": float("inf")}}}, "bad-gate", ""),
        (
            {"gates": {"rmse": {"not_worse_then_champion_by": 1}}},
            *("unknown-condition", "not_worse_than_champion_by"),
        ),
        ({"gates": {"size_mb": {"min": 1}}}, "unknown-condition", ""),
        ({"gates": {"size_mb": {"not_worse_than_champion_by": 1}}}, "unknown-condition", ""),
        ({"gates": {"latency_ms": {"maxi": 1}}}, "unknown-condition", "max"),
        ({"gates": {"latency_ms": {"max": -1}}}, "bad-gate", ""),
        ({"gates": {"latency_ms": {"max": "fast"}}}, "bad-gate", ""),
        ({"gates": {"size_gb": {"max": 1}}}, "unknown-metric", "size_mb"),
        ({"primary": "size_mb"}, "unknown-metric", ""),
    ],
)
def test_a_gate_that_cannot_be_judged_is_refused_by_the_check(
    evaluator: Any, keys: Any, code: str, nearest: str
) -> None:
    with pytest.raises(MlopsError) as caught:
        evaluator("regression", **keys).check()
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.closest == nearest


def test_all_bad_gates_are_told_together(evaluator: Any) -> None:
    keys = {"primary": "x", "gates": {"y": {}, "rmse": {"z": 1}}}
    with pytest.raises(MlopsError) as caught:
        evaluator("regression", **keys).check()
    assert len(caught.value.problems) == 3


def test_cost_needs_costs(evaluator: Any, loans: Any) -> None:
    costly = evaluator("classification", primary="cost")
    assert costly.for_task(loans.task) is costly
    with pytest.raises(MlopsError, match="metric-undefined"):
        costly.for_task(dataclasses.replace(loans.task, costs={}))


def test_another_task_is_refused(evaluator: Any, loans: Any) -> None:
    with pytest.raises(MlopsError, match="task-mismatch"):
        evaluator("regression").for_task(loans.task)


def test_the_check_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from mlops.evaluator.auto import Auto\n"
        "from mlops.evaluator.classification import Classification\n"
        "from mlops.evaluator.regression import Regression\n"
        "keys = dict(gates={}, beat_baseline=True, leak_above=None, slices=[], slice_bands=4,\n"
        "    slice_min_rows=30, resamples=9, binding=True)\n"
        "auto = Auto(regression=Regression(primary='rmse', **keys),\n"
        "    classification=Classification(primary='f1', **keys))\n"
        "auto.check()\n"
        "assert {'rmse', 'f1', 'cost'} < set(auto.names())\n"
        "heavy = {'numpy', 'pandas', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
