"""Columns as the cleaners and the features see them: a frame, a kind for each column, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.errors import fail
from mlops.core.values import as_dates, as_numbers, as_words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

KINDS = ("numeric", "boolean", "date", "category")
_INFERRED = {
    "empty": "numeric",
    "boolean": "boolean",
    "date": "date",
    "datetime": "date",
    "datetime64": "date",
    "decimal": "numeric",
    "floating": "numeric",
    "integer": "numeric",
    "mixed-integer-float": "numeric",
}


def as_frame(estimator: Any, X: Any, *, reset: bool) -> pd.DataFrame:
    """Check `X` as scikit-learn does and give it as a frame; an array's columns are ``x0`` and on.

    Parameters
    ----------
    estimator : object
        Its ``n_features_in_`` and ``feature_names_in_`` are set, or compared.
    X : DataFrame or array-like, shape (n_rows, n_columns)
        Text, gaps and infinite values are welcome.
    reset : bool
        True while fitting.

    Raises
    ------
    MlopsError
        A frame has no rows, or two columns of one name, while fitting.
    ValueError
        The columns are others than those fitted.
    """
    import pandas as pd
    from sklearn.utils.validation import _get_feature_names, validate_data

    if isinstance(X, pd.DataFrame):
        if reset:
            _refuse_unusable(X)
        X = X.set_axis([str(name) for name in X.columns], axis=1)
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return X
    names = _get_feature_names(X)
    values = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite=False)
    if names is None:
        names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = [f"x{position}" for position in range(values.shape[1])]
    return pd.DataFrame(values, columns=list(names))


def _refuse_unusable(X: pd.DataFrame) -> None:
    if not len(X) or not X.shape[1]:
        raise fail(
            "no-rows",
            "There is nothing to learn from.",
            where="the training part",
            found=f"{len(X)} rows, {X.shape[1]} feature columns",
            accepted="at least one row and one feature column",
            next_step="look at the data and at the roles of its columns",
        )
    if X.columns.has_duplicates:
        twice = sorted({str(name) for name in X.columns[X.columns.duplicated()]})
        raise fail(
            "duplicate-column",
            "Two columns have one name.",
            where="the training part",
            found=", ".join(twice),
            accepted="each name once",
            next_step="rename one of them in the data",
        )


def kind(column: pd.Series) -> str:
    """Tell what `column` holds: one of :data:`KINDS`. Without a known value it is numeric.

    Examples
    --------
    >>> import pandas as pd
    >>> kind(pd.Series([True, None, False])), kind(pd.Series(["a", "1"]))
    ('boolean', 'category')
    """
    import pandas as pd
    from pandas.api import types

    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    if types.is_bool_dtype(column.dtype):
        return "boolean"
    if types.is_numeric_dtype(column.dtype):
        return "numeric"
    if types.is_datetime64_any_dtype(column.dtype):
        return "date"
    return _INFERRED.get(types.infer_dtype(column, skipna=True), "category")


def as_kind(column: pd.Series, wanted: str) -> pd.Series:
    """Read `column` as the kind learned while fitting; what cannot be read becomes a gap.

    Numbers and booleans (0, 1) come out as float64, dates as datetime64 without a zone (UTC),
    categories as text, so that a code 1 and a code 1.0 are one category.

    Examples
    --------
    >>> import pandas as pd
    >>> as_kind(pd.Series(["1", "x", None]), "numeric").tolist()
    [1.0, nan, nan]
    >>> as_kind(pd.Series([1.0, 2.5]), "category").tolist()
    ['1', '2.5']
    """
    import pandas as pd

    if wanted == "category":
        return column if column.dtype == "str" else as_words(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if wanted == "date":
        return as_dates(column)[0]
    if wanted == "boolean" and kind(column) == "category":
        column = as_words(column).map({"True": 1.0, "False": 0.0})
    return as_numbers(column)[0]


def row_hashes(frame: pd.DataFrame) -> np.ndarray:
    """One number for each row, equal where all values are equal, in every process.

    Returns
    -------
    numpy.ndarray of uint64, shape (n_rows,)
        Over all columns, whatever their order. Two different rows of a million share a hash by
        chance once in thirty million such data sets.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = row_hashes(pd.DataFrame({"a": [1, 1, 2], "b": ["x", "x", "x"]}))
    >>> bool(rows[0] == rows[1]), bool(rows[0] == rows[2])
    (True, False)
    """
    import pandas as pd

    ordered = frame[sorted(frame.columns, key=str)]
    hashes: np.ndarray = pd.util.hash_pandas_object(ordered, index=False).to_numpy()
    return hashes


def gaps(column: pd.Series) -> pd.Series:
    """Tell which values are not known: missing, or an infinite number."""
    import numpy as np
    from pandas.api import types

    missing = column.isna()
    if types.is_float_dtype(column.dtype):
        missing = missing | np.isinf(column.astype("float64"))
    return missing
