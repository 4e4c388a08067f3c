"""The rows that were predicted worst, fit to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np

MOST_COLUMNS = 40
MOST_CHARACTERS = 80
OWN_KEYS = ("row", "actual", "predicted", "error")


def worst(
    test: Dataset,
    badness: np.ndarray,
    shown: Callable[[int], Sequence[Any]],
    *,
    most: int = 10,
    keys: Sequence[str] = OWN_KEYS,
) -> tuple[dict[str, Any], ...]:
    """Give up to `most` rows by falling badness, without a sensitive value.

    Parameters
    ----------
    test : Dataset
    badness : numpy.ndarray of float, shape (n_rows,)
        0 is perfect; such rows are not given.
    shown : callable
        Row position to what stands between position and badness: (actual, predicted).
    most : int
    keys : sequence of str
        What position, shown values and badness are called.
    """
    import numpy as np

    sensitive = set(test.sensitive)
    if test.task.target in sensitive:
        return ()
    finite = np.nan_to_num(badness, nan=np.inf)
    order = np.argsort(-finite, kind="stable")[:most]
    names = [name for name in test.features if name not in sensitive][:MOST_COLUMNS]
    rows = []
    for position in map(int, order[finite[order] > 0]):
        own = (position, *shown(position), badness[position])
        row = dict(zip(keys, map(plain, own), strict=True))
        for name in names:
            key = f"{name} (column)" if name in keys else name
            row[key] = plain(test.frame[name].iloc[position])
        rows.append(row)
    return tuple(rows)


def plain(value: Any) -> Any:
    """A number, a boolean, None or a short text: what JSON and a page can hold."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or value != value:  # NaN and NaT are not themselves
        return None
    if isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
