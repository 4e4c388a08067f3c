"""The door of the fitted pipeline: raw records in, the learned columns in their types out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mlops.core.errors import closest, fail, listed
from mlops.core.frames import as_frame
from mlops.core.values import as_dates, as_numbers, as_words

TRUSTED = ("mlops.contract.columns.Columns",)  # every fitted pipeline begins with it
LOOKED_AT = 1000
ROWS_NAMED = 5


class Columns(TransformerMixin, BaseEstimator):
    """Select the learned columns by name and give each the type it had while learning.

    Other columns are ignored, the order does not matter, a missing one is an error that names all
    of them. Text that is a number becomes one where numbers were learned; a number, where words
    were learned, becomes its text (1 and 1.0 are ``1``); ISO 8601 text becomes a date. A missing
    value stays missing. What cannot be read so, and an infinite number, is an error that names
    column and rows, never the value.

    Attributes
    ----------
    feature_names_in_ : ndarray of str, shape (n_columns,)
        Where the columns have names.
    n_features_in_ : int
    kinds_ : ndarray of str, shape (n_columns,)
        ``number``, ``date``, ``words``, or ``codes``: words that look like numbers or dates. They
        come out as pandas categories, so that no later step takes them for numbers.

    Examples
    --------
    >>> learned = pd.DataFrame({"rooms": [3.0, 4.0], "zip": ["0123", "8000"]})
    >>> columns = Columns().fit(learned)
    >>> columns.transform(pd.DataFrame([{"zip": 8000, "colour": "red", "rooms": "5"}]))
       rooms   zip
    0    5.0  8000
    """

    def fit(self, X: Any, y: Any = None) -> Columns:
        """Learn names and types of `X`, shape (n_rows, n_columns).

        Raises
        ------
        MlopsError
            There are no rows, no columns, or two of one name.
        """
        frame = as_frame(self, X, reset=True)
        self.kinds_ = np.array([_kind(frame[name]) for name in frame], dtype=str)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Give the learned columns of `X`, one row out for one row in.

        Raises
        ------
        MlopsError
            Columns are missing, or values cannot be read.
        ValueError
            An array has another number of columns.
        """
        check_is_fitted(self, "kinds_")
        frame = self._selected(X)
        cast = {
            name: _as_kind(frame[name], kind)
            for name, kind in zip(frame.columns, self.kinds_.tolist(), strict=True)
        }
        return pd.DataFrame(cast, index=frame.index, copy=False)

    def _selected(self, X: Any) -> pd.DataFrame:
        if not isinstance(X, pd.DataFrame) or not hasattr(self, "feature_names_in_"):
            return as_frame(self, X, reset=False)
        wanted = self.feature_names_in_.tolist()
        given = X.columns.tolist()
        missing = [name for name in wanted if name not in set(given)]
        if missing:
            raise _missing(missing, wanted, given)
        if X.columns.has_duplicates:
            _refuse_twice(X, wanted)
        return X if given == wanted else X[wanted]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The learned names; ``x0``, ``x1``, … where the columns had none."""
        check_is_fitted(self, "kinds_")
        from sklearn.utils.validation import _check_feature_names_in

        return np.asarray(_check_feature_names_in(self, input_features), dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _kind(column: pd.Series) -> str:
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        return "date"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "codes"
    if types.is_bool_dtype(column.dtype):
        return "words"
    if types.is_numeric_dtype(column.dtype):
        return "number"
    known = column.dropna()
    if known.empty and isinstance(column.dtype, pd.StringDtype):
        return "words"  # all of them lie on the side that is held out
    found = types.infer_dtype(known)
    if known.empty or found in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"
    if found in ("datetime", "date", "datetime64"):
        return "date"
    distinct = as_words(known.drop_duplicates().head(LOOKED_AT))
    numbers, dates = as_numbers(distinct)[0].notna(), as_dates(distinct)[0].notna()
    return "codes" if max(numbers.mean(), dates.mean()) >= 0.5 else "words"


def _as_kind(column: pd.Series, kind: str) -> pd.Series:
    if kind in ("words", "codes"):
        words = as_words(column)
        return words.astype("category") if kind == "codes" else words
    if kind == "number":
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        numbers, broken = as_numbers(column)
        infinite = np.isinf(numbers.to_numpy())
        if broken.any() or infinite.any():
            raise _unreadable(column, broken | infinite, "a finite number")
        return numbers
    dates, broken = as_dates(column)
    if broken.any():
        raise _unreadable(column, broken, "a date in ISO 8601, e.g. 2024-02-29")
    return dates


def _missing(missing: list[str], wanted: list[str], given: list[Any]) -> Exception:
    spare = [str(name) for name in given if name not in set(wanted)]
    near = [closest(name, spare) for name in missing]
    return fail(
        "columns-missing",
        "The model asks for columns that are not there.",
        where="the rows to predict",
        found=f"missing: {listed(missing)}",
        accepted=f"all of {listed(wanted, 50)}",
        closest=listed(name for name in near if name),
        next_step="add the columns; a value that is not known may be null",
    )


def _refuse_twice(X: pd.DataFrame, wanted: list[str]) -> None:
    twice = sorted({str(name) for name in X.columns[X.columns.duplicated()]} & set(wanted))
    if twice:
        raise fail(
            "duplicate-column",
            "Two columns have one name.",
            where="the rows to predict",
            found=listed(twice),
            accepted="each name once",
            next_step="leave one of them out",
        )


def _unreadable(column: pd.Series, broken: np.ndarray, accepted: str) -> Exception:
    rows = np.flatnonzero(broken)
    places = listed(rows[:ROWS_NAMED] + 1, ROWS_NAMED)
    return fail(
        "value-unreadable",
        "A value is not what the model learned to read.",
        where=f"column {column.name}, row {places}",
        found=f"{len(rows)} values that are no such thing",
        accepted=f"{accepted}, or null",
        next_step="mend or blank these values",
    )
