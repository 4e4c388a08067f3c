"""Which rows belong together, and which class each of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset

COMPARED = ("numeric", "categorical", "text", "date", "target")


def together(dataset: Dataset, *, group_duplicates: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the sets of rows that must stand on one side.

    Rows are together if all their features and their target are equal (identifiers, groups and
    times do not count), if they share the value of a column of role ``group``, or if a chain of
    such pairs joins them. A row without a group is alone in it.

    Returns
    -------
    numpy.ndarray of int, shape (n_rows,)
        Equal numbers stay together; from 0, without gaps.
    tuple of str
        For people: how many rows that concerns.
    """
    import pandas as pd

    keys, notes = [], []
    if group_duplicates:
        hashed = pd.util.hash_pandas_object(dataset.frame[dataset.named(*COMPARED)], index=False)
        keys.append(pd.factorize(hashed)[0])
        notes += _share(keys[0])
    for name in dataset.named("group"):
        codes, known = pd.factorize(dataset.frame[name])
        alone = codes < 0
        codes[alone] = len(known) + np.arange(alone.sum())
        keys.append(codes)
        notes.append(f"rows of one {name} stay on one side ({len(known):,} of them)")
    if not keys:
        return np.arange(len(dataset.frame)), ()
    return _joined(keys), tuple(notes)


def _share(codes: np.ndarray) -> list[str]:
    sizes = np.bincount(codes)
    rows = int(sizes[sizes > 1].sum())
    if not rows:
        return []
    return [f"{rows / len(codes):.1%} of the rows ({rows:,}) equal another; they stay on one side"]


def _joined(keys: list[np.ndarray]) -> np.ndarray:
    """The connected components of rows that share any key, in time linear in the rows."""
    if len(keys) == 1:
        return keys[0]  # as factorize numbers them, without gaps
    first = keys[0]
    for other in keys[1:]:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        left, right = int(first.max()) + 1, int(other.max()) + 1
        ends = (first, other + left)
        graph = coo_array((np.ones(len(first), dtype=bool), ends), shape=(left + right,) * 2)
        first = connected_components(graph, directed=False)[1][first]
    return np.unique(first, return_inverse=True)[1]


def strata(dataset: Dataset) -> np.ndarray | None:
    """Class number of each row, shape (n_rows,); None if the target is no class."""
    import pandas as pd

    if not dataset.task.classes:
        return None
    return pd.Index(dataset.task.classes).get_indexer(pd.Index(dataset.y))
