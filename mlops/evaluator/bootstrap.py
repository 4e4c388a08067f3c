"""Percentile intervals by the bootstrap: how far a score moves when the test rows are redrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlops.core.report import Difference
from mlops.evaluator.measure import CELLS_AT_ONCE, Measure, every_row, table

if TYPE_CHECKING:
    import numpy as np

DRAWS = 5_000_000  # rows drawn in all; the more rows, the less an interval needs to be exact
FEWEST = 50
DEFINED = 0.9  # share of the resamples in which a metric must be defined


def intervals(
    measures: Sequence[Measure], rows: Any, n_rows: int, *, resamples: int, seed: int
) -> list[tuple[float, float] | None]:
    """95 % interval of each metric.

    Rows are drawn with replacement, as many as there are; the interval runs from the 2.5th to the
    97.5th percentile of the metric over the resamples [1]_. It covers the choice of test rows, not
    that of training rows. Above 5,000 rows fewer than 1,000 resamples are taken, at least 50.

    Parameters
    ----------
    measures : sequence of Measure
    rows : object
        What the measures compute from.
    n_rows : int
    resamples : int
        0 gives no intervals.
    seed : int

    Returns
    -------
    list of (low, high) or None
        None where the metric is undefined in more than a tenth of the resamples.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    if n_rows < 2 or resamples < 1:
        return [None] * len(measures)
    count = _count(n_rows, resamples)
    return _bounds(table(measures, rows, _resamples(n_rows, count, seed)))


def paired(
    measures: Sequence[Measure],
    rows_a: Any,
    rows_b: Any,
    n_rows: int,
    *,
    resamples: int,
    seed: int,
) -> list[Difference]:
    """How much better or worse b is than a, on the same rows.

    Each resample draws the same rows for both, so that what makes a row hard for both cancels
    out: the interval of the difference is narrower than two intervals side by side tell [1]_.
    As :func:`intervals` otherwise.

    Parameters
    ----------
    measures : sequence of Measure
    rows_a, rows_b : object
        What the measures compute from, of the same rows in the same order.
    n_rows : int
    resamples : int
        0 gives no intervals.
    seed : int

    References
    ----------
    .. [1] P. Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP
       2004, section 4.
    """
    values_a, values_b = (table(measures, rows, every_row(n_rows))[0] for rows in (rows_a, rows_b))
    bounds: list[tuple[float, float] | None] = [None] * len(measures)
    if n_rows > 1 and resamples > 0:
        count = _count(n_rows, resamples)
        bounds = _bounds(differences(measures, rows_a, rows_b, n_rows, count=count, seed=seed))
    return [
        Difference(
            measure.name,
            a=float(values_a[at]),
            b=float(values_b[at]),
            low=found[0] if found else None,
            high=found[1] if found else None,
            greater_is_better=measure.greater_is_better,
        )
        for at, (measure, found) in enumerate(zip(measures, bounds, strict=True))
    ]


def differences(
    measures: Sequence[Measure], rows_a: Any, rows_b: Any, n_rows: int, *, count: int, seed: int
) -> np.ndarray:
    """What b has more than a in each of `count` resamples, shape (count, n_measures).

    The same rows are drawn for both.
    """
    drawn_a, drawn_b = (
        table(measures, rows, _resamples(n_rows, count, seed)) for rows in (rows_a, rows_b)
    )
    return drawn_b - drawn_a


def _count(n_rows: int, resamples: int) -> int:
    return min(resamples, max(FEWEST, DRAWS // n_rows))


def _bounds(drawn: np.ndarray) -> list[tuple[float, float] | None]:
    """The middle 95 % of each column; None where too many resamples left it undefined."""
    import numpy as np

    found: list[tuple[float, float] | None] = []
    for column in drawn.T:
        defined = column[np.isfinite(column)]
        enough = len(defined) >= max(1, DEFINED * len(column))
        low, high = np.percentile(defined, [2.5, 97.5]) if enough else (0.0, 0.0)
        found.append((float(low), float(high)) if enough else None)
    return found


def _resamples(n_rows: int, count: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row was drawn, a few resamples at a time."""
    import numpy as np

    generator = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // n_rows)
    for start in range(0, count, at_once):
        size = min(at_once, count - start)
        drawn = generator.integers(0, n_rows, (size, n_rows))
        drawn += np.arange(size)[:, None] * n_rows
        yield (
            np.bincount(drawn.ravel(), minlength=size * n_rows).reshape(size, n_rows).astype(float)
        )
