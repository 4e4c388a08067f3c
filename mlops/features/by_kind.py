"""Each column becomes features by its kind: numbers are scaled, categories encoded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from mlops.core.errors import fail, one_of
from mlops.core.frames import as_frame, as_kind, gaps, kind
from mlops.core.values import UNKNOWN


class ByKind(TransformerMixin, BaseEstimator):
    """Numbers first, scaled or as they are, then categories, one-hot or as integer codes.

    A category that was not seen while fitting is no error: all its one-hot columns are 0, its
    code is -1. A missing category is a category of its own if it was seen while fitting. Dates
    are left out, and so is free text: a column of words with more than `max_categories` different
    values, most of them seen once.

    Parameters
    ----------
    numeric : transformer or None
        Scales the numbers and booleans, e.g. ``StandardScaler()``; None leaves them.
    missing : {"median", "keep"}
        Fill a missing (or infinite) number with the training median, or leave it missing.
    encoding : {"one_hot", "ordinal"}
        What becomes of categories.
    max_categories : int, >= 2
        At most so many columns, or codes, for one category column; the rarest share one.

    Attributes
    ----------
    kinds_ : list of str, length n_columns
        ``numeric``, ``boolean``, ``category``, ``date`` or ``text``.
    medians_ : ndarray, shape (n_numeric,)
    scaler_, encoder_ : transformer or None
        None where there is nothing to scale or to encode.
    unused_ : list of str
        One sentence for each column left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"size": [1.0, None, 3.0], "colour": ["red", "blue", "red"]})
    >>> ByKind().fit_transform(frame)
       size  colour_blue  colour_red
    0   1.0          0.0         1.0
    1   2.0          1.0         0.0
    2   3.0          0.0         1.0
    """

    def __init__(
        self,
        *,
        numeric: Any = None,
        missing: str = "median",
        encoding: str = "one_hot",
        max_categories: int = 30,
    ) -> None:
        self.numeric = numeric
        self.missing = missing
        self.encoding = encoding
        self.max_categories = max_categories

    def fit(self, X: Any, y: Any = None) -> ByKind:
        """Learn kinds, medians, scale and categories from `X`, shape (n_rows, n_columns).

        Raises
        ------
        MlopsError
            No column can be used.
        """
        one_of("features.missing", self.missing, ("median", "keep"))
        one_of("features.encoding", self.encoding, ("one_hot", "ordinal"))
        frame = as_frame(self, X, reset=True)
        self.kinds_ = [self._kind(frame[name]) for name in frame]
        self.unused_ = [
            f"{name}: a {found} column, not used by the model; derive numbers from it to use it"
            for name, found in zip(frame, self.kinds_, strict=True)
            if found in ("date", "text")
        ]
        if len(self.unused_) == frame.shape[1]:
            raise self._nothing_to_use()
        numbers = self._numbers(frame)
        finite = np.where(np.isfinite(numbers), numbers, np.nan)
        self.medians_ = np.array([_median(column) for column in finite.T])
        numbers = self._filled(numbers)
        scale = self.numeric is not None and numbers.shape[1]
        self.scaler_ = clone(self.numeric).fit(numbers) if scale else None
        categories = self._categories(frame)
        self.encoder_ = self._encoder().fit(categories) if categories.shape[1] else None
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Give the features of `X`, shape (n_rows, n_features), float64."""
        check_is_fitted(self, "kinds_")
        frame = as_frame(self, X, reset=False)
        parts = [self._filled(self._numbers(frame))]
        if self.scaler_ is not None:
            parts = [self.scaler_.transform(parts[0])]
        if self.encoder_ is not None:
            parts.append(self.encoder_.transform(self._categories(frame)))
        names = self._names(list(frame.columns))
        return pd.DataFrame(np.hstack(parts), columns=names, index=frame.index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features: the column's, or ``column_category``."""
        check_is_fitted(self, "kinds_")
        names = _check_feature_names_in(self, input_features)
        return np.array(self._names(list(names)), dtype=object)

    def _kind(self, column: pd.Series) -> str:
        found = kind(column)
        if found != "category" or isinstance(column.dtype, pd.CategoricalDtype):
            return found
        known = column.dropna().astype("str")
        distinct = known.nunique()
        return "text" if distinct > self.max_categories and distinct > len(known) / 2 else found

    def _of(self, names: list[str], *kinds: str) -> list[str]:
        return [name for name, found in zip(names, self.kinds_, strict=True) if found in kinds]

    def _numbers(self, frame: pd.DataFrame) -> np.ndarray:
        parts = [
            as_kind(frame[name], found).to_numpy()
            for name, found in zip(frame, self.kinds_, strict=True)
            if found in ("numeric", "boolean")
        ]
        return np.column_stack(parts) if parts else np.empty((len(frame), 0))

    def _filled(self, numbers: np.ndarray) -> np.ndarray:
        if self.missing == "keep":
            return numbers
        return np.where(np.isfinite(numbers), numbers, self.medians_)

    def _categories(self, frame: pd.DataFrame) -> np.ndarray:
        names = self._of(list(frame.columns), "category")
        columns = [as_kind(frame[name], "category") for name in names]
        parts = [column.mask(gaps(column), UNKNOWN).to_numpy(dtype=object) for column in columns]
        return np.column_stack(parts) if parts else np.empty((len(frame), 0), dtype=object)

    def _encoder(self) -> Any:
        if self.encoding == "one_hot":
            return OneHotEncoder(
                handle_unknown="ignore", sparse_output=False, max_categories=self.max_categories
            )
        return OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            max_categories=self.max_categories,
        )

    def _names(self, names: list[str]) -> list[str]:
        numbers, categories = self._of(names, "numeric", "boolean"), self._of(names, "category")
        encoded = self.encoder_.get_feature_names_out(categories) if self.encoder_ else ()
        return [*numbers, *(str(name) for name in encoded)]

    def _nothing_to_use(self) -> Exception:
        return fail(
            "no-features",
            "No column can be used as a feature.",
            where="features",
            found="; ".join(self.unused_),
            accepted="at least one column of numbers, booleans or categories",
            next_step="derive numbers from the dates and the text, or raise "
            "features.max_categories",
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []  # features are float64
        return tags


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0
