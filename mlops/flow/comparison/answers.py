"""What two models answer: metrics on the same rows, what changed and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlops.config.build import build
from mlops.config.job import Job
from mlops.core.dataset import Dataset, Task
from mlops.core.errors import MlopsError
from mlops.core.report import Plot, Predictions
from mlops.flow.comparison.recorded import recorded
from mlops.flow.comparison.shared import Shared, shared
from mlops.flow.comparison.sides import Side

if TYPE_CHECKING:
    import numpy as np


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
    found: Shared | str = "a model or its data is not there"
    if all(each.pipeline is not None and each.dataset is not None for each in (a, b)):
        found = shared(a, b)
    if isinstance(found, str):
        return recorded(a, b, found), (), []
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
        for these, X in _inputs(model, rows.places[at], both)
    ]
    order = np.argsort(np.concatenate([np.flatnonzero(these) for these, _ in pieces]))
    values = np.concatenate([each.values for _, each in pieces])[order]
    if pieces[0][1].probabilities is None:
        return Predictions(values)
    chances = np.concatenate([each.probabilities for _, each in pieces])[order]  # type: ignore[misc]
    return Predictions(values, chances)


def _inputs(
    model: Side, places: tuple[np.ndarray, np.ndarray], both: tuple[Side, Side]
) -> Iterator[tuple[np.ndarray, Any]]:
    """Pieces of the rows as `model` takes them: for each data set, which rows, and their columns.

    Yields
    ------
    (numpy.ndarray of bool, pandas.DataFrame)
    """
    data, position = places
    features = _known(model).features
    for number, side in enumerate(both):
        these = data == number
        if these.any():
            yield these, _known(side).frame[features].iloc[position[these]]


def _known(side: Side) -> Dataset:
    assert side.dataset is not None
    return side.dataset
