"""How raw values become numbers, words and dates: the same way when training and predicting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

UNKNOWN = "missing"  # the word for a gap, where a step needs one
WHOLE = re.compile(r"(-?\d+)\.0+")


def as_numbers(column: pd.Series, *, decimal: str = ".") -> tuple[pd.Series, np.ndarray]:
    """Read a column as float64.

    Parameters
    ----------
    column : pandas.Series, shape (n_rows,)
        Numbers, booleans or their text; missing values and empty texts become NaN.
    decimal : str
        The decimal mark of numbers that are text.

    Returns
    -------
    numbers : pandas.Series of float64, shape (n_rows,)
    broken : numpy.ndarray of bool, shape (n_rows,)
        True where something stands that is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> numbers, broken = as_numbers(pd.Series(["1", " 2.5", "", "x"]))
    >>> numbers.tolist(), broken.tolist()
    ([1.0, 2.5, nan, nan], [False, False, False, True])
    """
    import numpy as np
    import pandas as pd

    kinds = pd.api.types
    if column.dtype == "float64":
        return column, np.zeros(len(column), dtype=bool)
    if kinds.is_bool_dtype(column.dtype) or kinds.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        return _series(values, column), np.zeros(len(column), dtype=bool)
    if kinds.is_datetime64_any_dtype(column.dtype):
        return _series(np.full(len(column), np.nan), column), column.notna().to_numpy()
    text = _marked(column, decimal)
    values = _parsed(text)
    broken = np.isnan(values)
    if broken.any():
        said = text[broken].astype("str").str.strip().str.lower()
        broken[broken] = ~(said.isna() | said.isin(["", "nan"])).to_numpy()
    return _series(values, column), broken


def _marked(column: pd.Series, decimal: str) -> pd.Series:
    """The column with the point as decimal mark."""
    if decimal == ".":
        return column
    return column.astype("str").str.replace(decimal, ".", regex=False)


def _parsed(text: pd.Series) -> np.ndarray:
    import pandas as pd

    if isinstance(text.dtype, pd.StringDtype):
        import pyarrow as pa
        import pyarrow.compute as pc

        try:  # strict, and several times faster than the lenient reader below
            numbers = pc.cast(pc.utf8_trim_whitespace(_arrow(text)), pa.float64())
            return numbers.to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            pass
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype="float64", na_value=float("nan"))


def _arrow(text: pd.Series) -> Any:
    import pyarrow as pa

    array = pa.array(text)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _series(values: Any, like: pd.Series) -> pd.Series:
    import pandas as pd

    return pd.Series(values, index=like.index, name=like.name)


def as_words(column: pd.Series) -> pd.Series:
    """Read a column as categories: one spelling for one value, missing stays missing.

    Whole numbers lose their ``.0`` (a missing value elsewhere in a file turns ``1`` into ``1.0``),
    booleans become ``True`` and ``False``, surrounding blanks go, an empty text is missing.

    Returns
    -------
    pandas.Series of str, shape (n_rows,)

    Examples
    --------
    >>> import pandas as pd
    >>> as_words(pd.Series([1.0, 2.5, None])).tolist()
    ['1', '2.5', nan]
    >>> as_words(pd.Series([" a", "1.0", ""], dtype=object)).tolist()
    ['a', '1', nan]
    """
    import pandas as pd

    codes, distinct = pd.factorize(column)
    words = pd.array([word(value) for value in distinct], dtype="str")
    return _series(words.take(codes, allow_fill=True), column)


def word(value: Any) -> str | None:
    """One value as :func:`as_words` reads it; None for what is missing.

    >>> word(" 1.0"), word("true"), word("  ")
    ('1', 'True', None)
    """
    if isinstance(value, str):
        text = value.strip()
        whole = WHOLE.fullmatch(text) if text.endswith("0") else None
        text = whole[1] if whole else text
        return text.capitalize() if text.lower() in ("true", "false") else text or None
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if type(value).__name__ in ("bool", "bool_"):
        return str(bool(value))
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return str(int(value)) if number.is_integer() and abs(number) < 1e300 else str(number)


def as_dates(column: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read a column as points in time: ISO 8601 text, or dates. Zones are turned to UTC.

    Returns
    -------
    dates : pandas.Series of datetime64[us], shape (n_rows,)
        Without a zone; NaT where missing or broken.
    broken : numpy.ndarray of bool, shape (n_rows,)

    Examples
    --------
    >>> import pandas as pd
    >>> dates, broken = as_dates(pd.Series(["2024-02-29T01:00:00+01:00", "soon"]))
    >>> str(dates[0]), broken.tolist()
    ('2024-02-29 00:00:00', [False, True])
    """
    import pandas as pd

    kinds = pd.api.types
    missing = column.isna().to_numpy()
    if kinds.is_numeric_dtype(column.dtype) or kinds.is_bool_dtype(column.dtype):
        empty = pd.Series(pd.NaT, index=column.index, name=column.name, dtype="datetime64[us]")
        return empty, ~missing
    if not kinds.is_datetime64_any_dtype(column.dtype):
        missing = missing | (column.astype("str").str.strip() == "").to_numpy()
    dates = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True)
    dates = dates.dt.tz_localize(None).astype("datetime64[us]")
    return dates, dates.isna().to_numpy() & ~missing
