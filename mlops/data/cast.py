"""A column gets the one type of its role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops.core.values import as_dates, as_numbers, as_words

if TYPE_CHECKING:
    import pandas as pd


def typed(column: pd.Series, role: str, *, decimal: str = ".") -> tuple[pd.Series, list[str]]:
    """Give `column` the type of `role`: float64, datetime64[us], or str.

    A column with values that are no numbers (no dates) stays text until the contract has put
    their rows aside; the second part says how many they are.

    Parameters
    ----------
    role : str
        Any but ``target``.

    Returns
    -------
    pandas.Series, list of str
    """
    if role in ("date", "time"):
        values, broken = as_dates(column)
    elif role == "numeric":
        values, broken = as_numbers(column, decimal=decimal)
    elif role == "text":
        text = column.astype("str").str.strip()
        return text.mask(text == ""), []
    else:
        return as_words(column), []
    if not broken.any():
        return values, []
    kind = "number" if role == "numeric" else "date (ISO 8601)"
    first = int(broken.argmax()) + 1
    text = column.astype("str")
    if decimal != "." and role == "numeric":
        text = text.str.replace(decimal, ".", regex=False)
    return text, [f"{column.name}: {int(broken.sum())} values are no {kind}, first in row {first}"]
