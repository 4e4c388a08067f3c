"""A metric, and how metrics are computed for many sets of weights at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

CELLS_AT_ONCE = 1_000_000  # weights held in memory at a time: 8 MB


@dataclass(frozen=True)
class Measure:
    """One metric as a function of weighted rows.

    Parameters
    ----------
    name : str
    greater_is_better : bool
    compute : callable
        Takes the task's rows and weights of shape (n_sets, n_rows), gives shape (n_sets,); NaN
        where a set leaves the metric undefined. A weight of 2 counts a row twice, 0 leaves it out.
    """

    name: str
    greater_is_better: bool
    compute: Callable[[Any, np.ndarray], np.ndarray]


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of one value a row, shape (n_sets,): Σ wᵢ vᵢ / Σ wᵢ."""
    return (weights @ values) / weights.sum(axis=1)


def table(measures: Sequence[Measure], rows: Any, sets: Iterable[np.ndarray]) -> np.ndarray:
    """Every metric for every set of weights.

    Parameters
    ----------
    measures : sequence of Measure
    rows : object
        What the measures compute from.
    sets : iterable of numpy.ndarray, shape (some sets, n_rows)
        In pieces, so that only one piece is in memory.

    Returns
    -------
    numpy.ndarray, shape (n_sets, n_measures)
    """
    import numpy as np

    pieces = [np.empty((0, len(measures)))]
    with np.errstate(all="ignore"):
        for weights in sets:
            columns = [measure.compute(rows, weights) for measure in measures]
            piece = np.column_stack(columns).astype(float)
            pieces.append(np.where(weights.sum(axis=1, keepdims=True) > 0, piece, np.nan))
    return np.concatenate(pieces)


def every_row(n_rows: int) -> list[np.ndarray]:
    """The one set that counts each row once."""
    import numpy as np

    return [np.ones((1, n_rows))]
