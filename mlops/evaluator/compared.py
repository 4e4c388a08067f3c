"""Two models' answers for the same rows: which is better, what changed, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Dataset
from mlops.core.report import Difference, Plot, Predictions
from mlops.evaluator.bootstrap import paired
from mlops.evaluator.evaluator import Evaluator
from mlops.evaluator.measure import Measure, mean
from mlops.evaluator.slices import sliced
from mlops.evaluator.worst import worst

if TYPE_CHECKING:
    import numpy as np

FEW_VALUES, MOST_COLUMNS = 12, 8
ROW_KEYS = ("row", "actual", "a", "b", "moved")
HIDDEN = ("flips", "mean_shift")  # would tell values of a sensitive target


@dataclass(frozen=True)
class Comparison:
    """What two models have in common, and what not.

    Parameters
    ----------
    differences : tuple of Difference
        The primary metric first.
    says : str
        How answers changed, in a sentence.
    facts : dict
        The same as plain data.
    slices : tuple of dict
        The groups whose answers changed most first: ``column``, ``value``, ``rows``, ``small``,
        ``moved`` or ``changed`` (mean of the group), and the primary metric of ``a`` and ``b``.
    rows : tuple of dict
        The rows whose answer moved most, without sensitive values.
    plots : tuple of Plot
        None where the target is sensitive.
    """

    differences: tuple[Difference, ...]
    says: str
    facts: dict[str, Any]
    slices: tuple[dict[str, Any], ...]
    rows: tuple[dict[str, Any], ...]
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class _Both:
    a: Any
    b: Any
    moves: np.ndarray


def compared(
    evaluator: Evaluator,
    test: Dataset,
    a: Predictions,
    b: Predictions,
    *,
    resamples: int,
    seed: int,
) -> Comparison:
    """Compare `a` and `b`, both for the rows of `test`.

    Parameters
    ----------
    evaluator : Evaluator
        For the task of `test`; its metrics and its slices count.
    test : Dataset
        What is known of the rows, the target included.
    a, b : Predictions
    resamples : int
        Of the paired bootstrap; 0 gives no intervals, so that nobody is better.
    seed : int
    """
    task = test.task
    rows_a, rows_b = (evaluator.rows(test.y, each, task) for each in (a, b))
    measures = sorted(evaluator.measures_for(task), key=lambda each: each.name != evaluator.primary)
    changed = evaluator.changed(rows_a, rows_b, task)
    both = _Both(rows_a, rows_b, changed.moves)
    hidden = HIDDEN if task.target in test.sensitive else ()
    facts = {key: value for key, value in changed.facts.items() if key not in hidden}
    return Comparison(
        differences=tuple(
            paired(measures, rows_a, rows_b, len(test.frame), resamples=resamples, seed=seed)
        ),
        says=changed.says,
        facts=facts,
        slices=_slices(evaluator, test, both, measures[0], changed.called),
        rows=_rows(evaluator, test, both),
        plots=() if hidden else changed.plots,
    )


def _slices(
    evaluator: Evaluator, test: Dataset, both: _Both, primary: Measure, called: str
) -> tuple[dict[str, Any], ...]:
    measures = (
        Measure(called, False, lambda rows, weights: mean(rows.moves, weights)),
        Measure("a", primary.greater_is_better, partial(_of_side, primary, "a")),
        Measure("b", primary.greater_is_better, partial(_of_side, primary, "b")),
    )
    columns = [name for name in evaluator.columns() if name in test.frame] or few_valued(test)
    found, _ = sliced(
        measures, both, test, columns, evaluator.slice_bands, evaluator.slice_min_rows
    )
    return tuple(sorted(found, key=lambda row: (row["small"], -row[called])))


def _of_side(measure: Measure, side: str, rows: Any, weights: np.ndarray) -> np.ndarray:
    return measure.compute(getattr(rows, side), weights)


def few_valued(test: Dataset) -> list[str]:
    """The columns that make few groups, and the target; no sensitive one unless it is asked for."""
    names = [name for name in test.features if name not in test.sensitive]
    few = [name for name in names if 1 < test.frame[name].nunique() <= FEW_VALUES]
    target = test.task.target
    is_told = target not in test.sensitive and test.frame[target].nunique() > 1
    return [*few[: MOST_COLUMNS - 1], *([target] if is_told else [])]


def _rows(evaluator: Evaluator, test: Dataset, both: _Both) -> tuple[dict[str, Any], ...]:
    def shown(position: int) -> Sequence[Any]:
        actual, of_a = evaluator.shown(both.a, position, test.task)
        return actual, of_a, evaluator.shown(both.b, position, test.task)[1]

    return worst(test, both.moves, shown, keys=ROW_KEYS)
