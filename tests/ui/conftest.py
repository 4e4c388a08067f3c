"""Results and reports to show, harmless and hostile."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from mlops.core.record import Delivery, Result, Step
from mlops.core.report import Gate, Metric, Plot, Report
from mlops.core.tuning import Trial

HOSTILE = "<script>fetch('https://evil.invalid/x')</script><img src=https://evil.invalid/y>\x1b[31m"


@pytest.fixture
def result() -> Result:
    """A refused run with everything in it."""
    metrics = (
        Metric("rmse", 4.87, 3.921, 5.812, 9.2113, 4.97, 0.61, greater_is_better=False),
        Metric("r2", 0.7193, 0.61, 0.81, -0.003, None, None),
        Metric("roc_auc", float("nan"), None, None, None, None, None),
    )
    gates = (Gate("rmse better than baseline", True, "4.87"), Gate("r2 ≥ 0.75", False, "0.7193"))
    return Result(
        outcome="refused",
        exit_code=3,
        name="boston_housing",
        key="k1",
        folder="outputs/runs/one",
        steps=(Step(name="data", status="done", says="506 rows", seconds=0.1),),
        metrics=tuple(asdict(metric) for metric in metrics),
        gates=tuple(asdict(gate) for gate in gates),
        warnings=("the test part has 25 rows",),
        delivery=Delivery(delivered=True, says="recorded as run 3f2a"),
        seconds=3.21,
    )


def report(**changed: Any) -> Report:
    """A report with every kind of plot."""
    points = [(float(x), float(x * x)) for x in range(30)]
    keys: dict[str, Any] = {
        "task": "regression",
        "primary": "rmse",
        "metrics": (Metric("rmse", 4.87, 3.9, 5.8, 9.2, 4.9, 0.6, greater_is_better=False),),
        "gates": (Gate("rmse ≤ 6", True, "rmse is 4.87"),),
        "slices": ({"column": "age", "value": "1 to 2", "rows": 9, "small": True, "rmse": 3.0},),
        "worst": ({"row": 3, "actual": 1.0, "predicted": 2.0, "error": 1.0, "age": None},),
        "plots": (
            Plot("scatter", "Dots", "x", "y", {"perfect": [(0, 0), (9, 9)], "rows": points}),
            Plot("line", "Curve", "x", "y", {"curve": points}),
            Plot("histogram", "Counts", "x", "rows", {"a": points, "b": points}),
            Plot("bar", "Bars", "x", "y", {"bars": [("one", 1.0), ("two", 2.0)]}),
            Plot(
                "matrix", "Table", "p", "a", {"a": [("a", 1), ("b", 2)], "b": [("a", 0), ("b", 4)]}
            ),
        ),
        "warnings": ("the test part has 25 rows",),
    }
    return Report(**{**keys, **changed})


@pytest.fixture
def make_report() -> Any:
    """The function ``report`` above."""
    return report


@pytest.fixture
def hostile_report() -> Report:
    """Every text is an attack, and long."""
    long = HOSTILE * 20
    plots = [
        Plot(kind, long, long, long, {long: [(long, 1.0), ("b", 2.0), ("c", 2.0)]})
        for kind in ("bar", "matrix")
    ]
    plots += [
        Plot(kind, long, long, long, {long: [(0.0, 1.0), (1.0, float("nan")), (2.0, 3.0)]})
        for kind in ("scatter", "line", "histogram")
    ]
    return report(
        gates=(Gate(long, False, long),),
        slices=({"column": long, "value": long, "rows": 1, "small": True, "rmse": 1.0},),
        worst=({"row": 1, "actual": long, "predicted": long, "error": 1.0, long: long},),
        plots=tuple(plots),
        warnings=(long,),
    )


@pytest.fixture
def hostile_facts() -> dict[str, Any]:
    """Every section of the page, filled with the same."""
    return {
        "summary": {HOSTILE: HOSTILE},
        "profile": [{"column": HOSTILE, "role": HOSTILE, HOSTILE: 1}],
        "quarantine": {"rows": 1, "checked": 9, "reasons": {HOSTILE: 1}},
        "cleaning": {"touched": {HOSTILE: 1}, "rows_dropped": 2},
        "notes": [HOSTILE],
        "steps": [Step(name=HOSTILE, status=HOSTILE, says=HOSTILE, seconds=1)],
        "trials": [
            Trial(number=at, params={HOSTILE: HOSTILE}, scores=({"rmse": 1.0 + at},))
            for at in range(3)
        ]
        + [Trial(number=3, params={HOSTILE: 1}, scores=(), state="failed", says=HOSTILE)],
        "loss_curve": [3.0, 2.0, 1.0],
        "config": "</pre>" + HOSTILE,
        "environment": [HOSTILE],
        "delivery": HOSTILE,
    }
