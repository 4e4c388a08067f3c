"""Deal sets of rows out to parts of wanted sizes, each class in the same proportions."""

from __future__ import annotations

import numpy as np

BIG = 0.25  # a set larger than this share of the smallest part is placed by hand


def deal(
    together: np.ndarray,
    strata: np.ndarray | None,
    shares: np.ndarray,
    *,
    seed: int | None,
) -> np.ndarray:
    """Give every row its part.

    Parameters
    ----------
    together : numpy.ndarray of int, shape (n_rows,)
        Rows of one number get one part; numbers from 0 without gaps.
    strata : numpy.ndarray of int or None, shape (n_rows,)
        Class of each row; a set of rows counts for the class most of its rows have.
    shares : numpy.ndarray, shape (n_parts,)
        Wanted sizes; they sum to 1.
    seed : int or None
        None: in the order of the rows.

    Returns
    -------
    numpy.ndarray of int, shape (n_rows,)

    Notes
    -----
    Within each class the sets are shuffled and laid end to end on a line of length 1; a set goes
    to the part in whose stretch its middle lies. Sets that are big beside the smallest part are
    placed before, the biggest first, each where most room is. Time is linear in the rows, but
    for sorting.

    Examples
    --------
    >>> import numpy as np
    >>> parts = deal(np.array([0, 0, 1, 2, 3, 4]), None, np.array([0.5, 0.5]), seed=0)
    >>> bool(parts[0] == parts[1]), np.bincount(parts).tolist()
    (True, [3, 3])
    """
    sizes = np.bincount(together)
    random = None if seed is None else np.random.default_rng(seed)
    classes = np.zeros(len(sizes), dtype=int) if strata is None else _majority(together, strata)
    parts = np.empty(len(sizes), dtype=int)
    for each in np.unique(classes):
        members = np.flatnonzero(classes == each)
        order = members if random is None else random.permutation(members)
        parts[order] = _in_one_class(sizes[order], shares)
    return parts[together]


def _majority(together: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """The commonest class of each set; the lower one of two that are equally common."""
    found = np.empty(int(together.max()) + 1, dtype=int)
    if len(found) == len(together):  # every row for itself
        found[together] = strata
        return found
    width = int(strata.max()) + 1
    pairs, counts = np.unique(together * width + strata, return_counts=True)
    order = np.lexsort((-pairs, counts))  # the commonest pair of a set is written last
    found[pairs[order] // width] = pairs[order] % width
    return found


def _in_one_class(sizes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    total = sizes.sum()
    room = shares * total
    parts = np.full(len(sizes), -1)
    big = np.flatnonzero((sizes > 1) & (sizes > BIG * room.min()))
    for place in big[np.argsort(-sizes[big], kind="stable")]:
        parts[place] = int(np.argmax(room))
        room[parts[place]] -= sizes[place]
    small = np.flatnonzero(parts < 0)
    if not len(small):
        return parts
    room = np.maximum(room, 0)
    ends = np.cumsum(room / room.sum())
    middles = (np.cumsum(sizes[small]) - sizes[small] / 2) / sizes[small].sum()
    parts[small] = np.minimum(np.searchsorted(ends, middles, side="right"), len(shares) - 1)
    return parts
