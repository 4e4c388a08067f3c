"""The data profile: one row a column, fit to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Dataset

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 200
HIDDEN = "hidden"


def profile(dataset: Dataset) -> list[dict[str, Any]]:
    """Describe each column; of a sensitive one only role, kind and gaps.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of dict
        ``column``, ``role``, ``kind``, ``missing``, ``distinct``, ``min``, ``mean``, ``max`` and
        ``most frequent``; the first 200 columns.
    """
    return [
        {
            "column": column.name,
            "role": f"{column.role}, sensitive" if column.sensitive else column.role,
            **_described(dataset.frame[column.name], hidden=column.sensitive),
        }
        for column in dataset.columns[:MOST_COLUMNS]
    ]


def _described(values: pd.Series, *, hidden: bool) -> dict[str, Any]:
    import pandas as pd

    row: dict[str, Any] = {
        "kind": str(values.dtype),
        "missing": int(values.isna().sum()),
        "distinct": int(
            values.astype("str").nunique() if _unhashable(values) else values.nunique()
        ),
        "min": None,
        "mean": None,
        "max": None,
        "most frequent": HIDDEN if hidden else None,
    }
    known = values.dropna()
    if hidden or known.empty:
        return row
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        ends = {"min": float(known.min()), "mean": float(known.mean()), "max": float(known.max())}
        return row | ends
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return row | {"min": str(known.min()), "max": str(known.max())}
    counts = known.astype("str").value_counts()
    share = counts.iloc[0] / len(values)
    return row | {"most frequent": f"{str(counts.index[0])[:60]} ({share:.0%})"}


def _unhashable(values: pd.Series) -> bool:
    first = values.dropna().head(1)
    return bool(len(first)) and isinstance(first.iloc[0], (list, dict, set))
