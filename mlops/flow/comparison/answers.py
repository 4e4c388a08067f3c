"""What two models answer: metrics on the same rows, what changed and for whom, size, speed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from mlops.config.build import build
from mlops.config.job import Job
from mlops.core.dataset import Task
from mlops.core.errors import MlopsError
from mlops.core.report import Plot, Predictions
from mlops.flow.comparison.shared import Shared, inputs, shared
from mlops.flow.comparison.sides import Side
from mlops.registry.shelf import MODEL

NOBODY = "no row of either test part is new to both models"


def answers(
    job: Job, a: Side, b: Side, resamples: int
) -> tuple[dict[str, Any], tuple[Plot, ...], list[str]]:
    """Let both predict the rows that neither was trained on; else show what each recorded.

    Returns
    -------
    dict
        ``same_rows`` (bool), ``why_not``, ``rows`` (count), ``primary``, ``metrics`` (rows
        ``name``, ``a``, ``b``, and on the same rows ``change``, ``low``, ``high``, ``better``),
        ``says``, ``changes``, ``slices``, ``moved``.
    tuple of Plot
    list of str
        What was decided on the way, for people.
    """
    found, why = None, "a model or its data is not there"
    if all(each.pipeline is not None and each.dataset is not None for each in (a, b)):
        found, why = shared(a, b), NOBODY
    if found is None:
        return recorded(a, b, why), (), []
    return _judged(job, a, b, found, resamples)


def _judged(
    job: Job, a: Side, b: Side, rows: Shared, resamples: int
) -> tuple[dict[str, Any], tuple[Plot, ...], list[str]]:
    from mlops.evaluator.compared import compared

    evaluator, notes = _evaluator(job, a, rows.test.task)
    answered = []
    for at, each in enumerate((a, b)):
        try:
            answered.append(_answers(each, at, rows, (a, b)))
        except Exception as error:  # whatever a changed library or a project's own code raises
            return recorded(a, b, f"{each.label} cannot predict: {_said(error)}"), (), []
    result = compared(evaluator, rows.test, *answered, resamples=resamples, seed=job.seed)
    count = len(rows.test.frame)
    facts = {
        "same_rows": True,
        "why_not": "",
        "rows": count,
        "primary": evaluator.primary,
        "metrics": [
            {**asdict(each), "change": each.change, "better": each.better}
            for each in result.differences
        ],
        "says": result.says,
        "changes": result.facts,
        "slices": list(result.slices),
        "moved": list(result.rows),
    }
    return facts, result.plots, notes


def _evaluator(job: Job, a: Side, task: Task) -> tuple[Any, list[str]]:
    """The evaluator that judged `a`, as it was configured; where it cannot be made, the default."""
    from mlops.evaluator.evaluator import Evaluator

    where = str(a.subject.folder / "config.yaml")
    try:
        made = build("evaluator", a.config["evaluator"], job.composed.catalogue, where)
        made = made.for_task(task)
        if isinstance(made, Evaluator):  # a project's own may not know how to compare
            return made, []
    except (MlopsError, KeyError, TypeError):
        pass
    made = job.other("evaluator", "auto").for_task(task)
    return made, [f"the evaluator of {a.label} cannot compare today: evaluator=auto does"]


def _said(error: Exception) -> str:
    """What an error says without quoting a value."""
    return error.problems[0].says if isinstance(error, MlopsError) else type(error).__name__


def _answers(model: Side, at: int, rows: Shared, both: tuple[Side, Side]) -> Predictions:
    """What one model answers, in the order of the rows."""
    import numpy as np

    from mlops.flow.fitting import predict

    task = rows.test.task
    pieces = [
        (these, predict(model.pipeline, X, task))
        for these, X in inputs(model, rows.places[at], both)
    ]
    order = np.argsort(np.concatenate([np.flatnonzero(these) for these, _ in pieces]))
    values = np.concatenate([each.values for _, each in pieces])[order]
    if pieces[0][1].probabilities is None:
        return Predictions(values)
    chances = np.concatenate([each.probabilities for _, each in pieces])[order]  # type: ignore[misc]
    return Predictions(values, chances)


def recorded(a: Side, b: Side, why: str) -> dict[str, Any]:
    """Each one's own metrics on its own test part; their difference says nothing."""
    told = [_recorded(each) for each in (a, b)]
    names = [name for name in told[0] if name in told[1]]
    return {
        "same_rows": False,
        "why_not": why,
        "rows": 0,
        "primary": str(a.subject.about.get("primary", "")),
        "metrics": [{"name": name, "a": told[0][name], "b": told[1][name]} for name in names],
        "own": {side: _intervals(each) for side, each in (("a", a), ("b", b))},
        "says": "",
        "changes": {},
        "slices": [],
        "moved": [],
    }


def _recorded(side: Side) -> dict[str, float]:
    primary, found = side.subject.about.get("primary"), side.subject.about.get("metrics") or {}
    return dict(sorted(found.items(), key=lambda pair: pair[0] != primary))


def _intervals(side: Side) -> dict[str, Any]:
    """Metric to the interval that was recorded with it."""
    try:
        document = json.loads((side.subject.folder / "result.json").read_bytes())
        return {each["name"]: [each["low"], each["high"]] for each in document["metrics"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def footprints(a: Side, b: Side) -> dict[str, Any]:
    """Size of the model file in bytes, and seconds for one row, of each; null where unknown."""
    from mlops.flow.footprint import latency_s

    found: dict[str, Any] = {"size_bytes": {}, "latency_s": {}}
    for name, each in (("a", a), ("b", b)):
        path = each.subject.folder / MODEL
        found["size_bytes"][name] = path.stat().st_size if path.is_file() else None
        is_here = each.pipeline is not None and each.dataset is not None
        rows = each.dataset.X.head(50) if each.dataset is not None else None
        found["latency_s"][name] = latency_s(each.pipeline, rows) if is_here else None
    return found
