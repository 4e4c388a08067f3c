"""Every metric with what it is compared to: its interval, the trivial model, the folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops.core.report import Metric
from mlops.evaluator.bootstrap import intervals
from mlops.evaluator.measure import Measure, every_row, table


def scored(
    measures: Sequence[Measure],
    rows: Any,
    trivial_rows: Any,
    n_rows: int,
    folds: tuple[dict[str, float], ...],
    *,
    resamples: int,
    seed: int,
) -> tuple[Metric, ...]:
    """Score `rows` by each of `measures`.

    Parameters
    ----------
    measures : sequence of Measure
    rows, trivial_rows : object
        What the measures compute from: the model's answers, and those of a trivial one.
    n_rows : int
    folds : tuple of dict of str to float
        Scores of the folds inside the training part.
    resamples, seed : int
        As for :func:`~mlops.evaluator.bootstrap.intervals`.
    """
    values, trivial = (table(measures, each, every_row(n_rows))[0] for each in (rows, trivial_rows))
    bounds = intervals(measures, rows, n_rows, resamples=resamples, seed=seed)
    return tuple(
        _metric(measure, float(values[at]), bounds[at], float(trivial[at]), folds)
        for at, measure in enumerate(measures)
    )


def _metric(
    measure: Measure,
    value: float,
    bounds: tuple[float, float] | None,
    trivial: float,
    folds: tuple[dict[str, float], ...],
) -> Metric:
    import numpy as np

    seen = [fold[measure.name] for fold in folds if np.isfinite(fold.get(measure.name, np.nan))]
    return Metric(
        name=measure.name,
        value=value,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        baseline=trivial,
        cv_mean=float(np.mean(seen)) if seen else None,
        cv_std=float(np.std(seen)) if seen else None,
        greater_is_better=measure.greater_is_better,
    )
