"""Slices: the same metrics for groups of the test rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Dataset
from mlops.evaluator.measure import CELLS_AT_ONCE, Measure, table
from mlops.evaluator.worst import plain

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_GROUPS = 20


def sliced(
    measures: Sequence[Measure],
    rows: Any,
    test: Dataset,
    columns: Sequence[str],
    bands: int,
    min_rows: int,
) -> tuple[tuple[dict[str, Any], ...], list[str]]:
    """Score each group of each column, and say what could not be sliced.

    A column of many numbers or of dates is cut into quantile `bands`; of any other the 20 largest
    groups are scored, the rest as one. Groups of a sensitive column, the largest first, and its
    bands are named by their number: a label would write the value, a hash of it can be guessed.

    Parameters
    ----------
    measures : sequence of Measure
    rows : object
        What the measures compute from.
    test : Dataset
    columns : sequence of str
    bands, min_rows : int

    Returns
    -------
    (tuple of dict, list of str)
        ``column``, ``value``, ``rows``, ``small`` and one key a metric; sentences for people.
    """
    import numpy as np

    found: list[dict[str, Any]] = []
    missing = [name for name in columns if name not in test.frame]
    for name in (name for name in columns if name not in missing):
        codes, labels = _groups(test.frame[name], bands, hidden=name in test.sensitive)
        scores = table(measures, rows, _indicators(codes, len(labels)))
        counts = np.bincount(codes, minlength=len(labels))
        for label, count, values in zip(labels, counts, scores, strict=True):
            head = {"column": name, "value": label, "rows": int(count), "small": count < min_rows}
            head["small"] = bool(head["small"])
            named = zip((measure.name for measure in measures), map(float, values), strict=True)
            found.append(head | dict(named))
    return tuple(found), [f"no slices by {name}: the data has no such column" for name in missing]


def _indicators(codes: np.ndarray, n_groups: int) -> Iterator[np.ndarray]:
    import numpy as np

    at_once = max(1, CELLS_AT_ONCE // max(1, len(codes)))
    for start in range(0, n_groups, at_once):
        wanted = np.arange(start, min(start + at_once, n_groups))
        yield (codes == wanted[:, None]).astype(float)


def _groups(values: pd.Series, bands: int, *, hidden: bool) -> tuple[np.ndarray, list[str]]:
    """Group number of each row, and the groups' labels."""
    import pandas as pd

    kind = values.dtype
    ordered = pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)
    if ordered and not pd.api.types.is_bool_dtype(kind) and values.nunique() > 2 * bands:
        return _banded(values, bands, hidden)
    return _grouped(values, hidden)


def _banded(values: pd.Series, bands: int, hidden: bool) -> tuple[np.ndarray, list[str]]:
    import numpy as np
    import pandas as pd

    cut, edges = pd.qcut(values, bands, labels=False, retbins=True, duplicates="drop")
    count = len(edges) - 1
    codes = np.asarray(cut.fillna(count), dtype=int)
    labels = [f"{_short(low)} to {_short(high)}" for low, high in pairwise(edges)]
    if hidden:
        labels = [f"band {number} of {count}" for number in range(1, count + 1)]
    return codes, labels + (["missing"] if (codes == count).any() else [])


def _short(edge: Any) -> str:
    return f"{edge:.4g}" if isinstance(edge, (int, float)) else str(edge)[:10]


def _grouped(values: pd.Series, hidden: bool) -> tuple[np.ndarray, list[str]]:
    import numpy as np
    import pandas as pd

    codes, found = pd.factorize(values.astype(object), use_na_sentinel=False)
    largest = np.argsort(-np.bincount(codes), kind="stable")
    shown = largest[:MOST_GROUPS]
    labels = [
        _label(found[k], f"group {number} of {len(found)}" if hidden else "")
        for number, k in enumerate(shown, start=1)
    ]
    place = np.full(len(found), len(shown))
    place[shown] = np.arange(len(shown))
    if len(largest) > len(shown):
        labels.append(f"{len(largest) - len(shown)} others")
    return place[codes], labels


def _label(value: Any, instead: str) -> str:
    text = plain(value)
    return "missing" if text is None else instead or str(text)
