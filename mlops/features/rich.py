"""Numbers and their products, categories by their target, and of all that the best."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import KFold
from sklearn.preprocessing import PolynomialFeatures, TargetEncoder
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from mlops.core.frames import as_frame, as_kind, gaps, kind
from mlops.core.values import UNKNOWN
from mlops.features.by_kind import ByKind

MOST_CLASSES = 20  # a target of whole numbers with more values than these is a quantity
TURNS = 5

TRUSTED = (
    "sklearn.model_selection._split.KFold",
    "sklearn.preprocessing._polynomial.PolynomialFeatures",
    "sklearn.preprocessing._target_encoder.TargetEncoder",
)


class Rich(TransformerMixin, BaseEstimator):
    r"""Many features from few columns, of which those stay that go best with the target.

    Numbers are scaled and multiplied with one another. A category column with few values becomes
    one-hot columns, one with many becomes the mean of the target for each value, shrunk towards
    the mean of all (one column for each class but two). While fitting, a row's own target is not
    in its mean: that is taken from other rows, in five turns. Of all that, those with the greatest
    :math:`F` statistic stay, of a regression on the target or between its classes.

    Parameters
    ----------
    numeric : transformer or None
        Scales the numbers, e.g. ``StandardScaler()``; None leaves them.
    degree : int, >= 1
        Products of up to so many numbers; 1: none.
    max_one_hot : int, >= 2
        A category column with more values becomes means of the target.
    keep : int or None, >= 1
        So many features stay; None: all of them.
    random_state : int or None
        For the turns.

    Attributes
    ----------
    many_ : list of str
        Columns that become means of the target.
    base_ : ByKind
        What becomes of the others.
    products_, means_ : transformer or None
    scores_ : ndarray, shape (n_features_made,)
        The statistic of each feature.
    kept_ : ndarray of int, shape (n_features,)
        Positions of those that stay.
    unused_ : list of str
        One sentence for each column left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, -1.0, 1.0, -1.0]})
    >>> list(Rich(keep=2).fit_transform(frame, [1.5, -2.5, 3.5, -4.5]))
    ['b', 'a b']
    """

    def __init__(
        self,
        *,
        numeric: Any = None,
        degree: int = 2,
        max_one_hot: int = 10,
        keep: int | None = 50,
        random_state: int | None = None,
    ) -> None:
        self.numeric = numeric
        self.degree = degree
        self.max_one_hot = max_one_hot
        self.keep = keep
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Rich:
        """Learn from `X`, shape (n_rows, n_columns)."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any) -> pd.DataFrame:
        """Learn from `X`, shape (n_rows, n_columns), and give its features as a model is to see
        them while fitting: no row's code knows its own target.
        """
        frame = as_frame(self, X, reset=True)
        target = _target(y)
        self.many_ = [name for name in frame if self._has_many(frame[name])]
        few = frame.drop(columns=self.many_)
        self.base_ = self.products_ = None
        self.unused_: list[str] = []
        if few.shape[1]:
            self.base_ = ByKind(numeric=self.numeric, max_categories=self.max_one_hot).fit(few)
            self.unused_ = self.base_.unused_
            if self.degree > 1 and self._numbers():
                made = PolynomialFeatures(self.degree, include_bias=False)
                self.products_ = made.fit(self.base_.transform(few)[self._numbers()])
        self.means_, means = None, np.empty((len(frame), 0))
        if self.many_:
            self.means_ = self._encoder(is_quantity=target.dtype == float)
            means = self.means_.fit_transform(self._words(frame), target)
        whole = self._joined(frame, means)
        self.scores_ = _scores(whole.to_numpy(), target)
        best = np.argsort(-self.scores_, kind="stable")[: self.keep]
        self.kept_ = np.sort(best)
        return whole.iloc[:, self.kept_]

    def transform(self, X: Any) -> pd.DataFrame:
        """Give the features of `X`, shape (n_rows, n_features), float64."""
        check_is_fitted(self, "kept_")
        frame = as_frame(self, X, reset=False)
        means = np.empty((len(frame), 0))
        if self.means_ is not None:
            means = self.means_.transform(self._words(frame))
        return self._joined(frame, means).iloc[:, self.kept_]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features that stay."""
        check_is_fitted(self, "kept_")
        _check_feature_names_in(self, input_features)
        return np.array(self._names(), dtype=object)[self.kept_]

    def _has_many(self, column: pd.Series) -> bool:
        if kind(column) != "category":
            return False
        distinct = column.nunique()
        return bool(self.max_one_hot < distinct <= len(column) / 2)

    def _encoder(self, *, is_quantity: bool) -> TargetEncoder:
        cv = KFold(TURNS, shuffle=True, random_state=self.random_state)
        return TargetEncoder(target_type="continuous" if is_quantity else "auto", cv=cv)

    def _numbers(self) -> list[str]:
        assert self.base_ is not None
        names = zip(self.base_.feature_names_in_, self.base_.kinds_, strict=True)
        return [name for name, found in names if found in ("numeric", "boolean")]

    def _words(self, frame: pd.DataFrame) -> np.ndarray:
        columns = [as_kind(frame[name], "category") for name in self.many_]
        parts = [column.mask(gaps(column), UNKNOWN).to_numpy(dtype=object) for column in columns]
        return np.column_stack(parts)

    def _joined(self, frame: pd.DataFrame, means: np.ndarray) -> pd.DataFrame:
        parts = [means]
        if self.base_ is not None:
            base = self.base_.transform(frame.drop(columns=self.many_))
            numbers = self._numbers()
            made = base[numbers].to_numpy()
            if self.products_ is not None:
                made = self.products_.transform(base[numbers])
            parts = [made, base.drop(columns=numbers).to_numpy(), means]
        return pd.DataFrame(np.hstack(parts), columns=self._names(), index=frame.index)

    def _names(self) -> list[str]:
        found: list[str] = []
        if self.base_ is not None:
            numbers = self._numbers()
            made = numbers if self.products_ is None else self.products_.get_feature_names_out()
            found = [*made, *self.base_.get_feature_names_out()[len(numbers) :]]
        if self.means_ is not None:
            found += [f"{name} by target" for name in self.means_.get_feature_names_out(self.many_)]
        return [str(name) for name in found]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []  # features are float64
        return tags


def _target(y: Any) -> np.ndarray:
    """A quantity as float64; anything else as labels."""
    values = np.asarray(y)
    if values.dtype.kind not in "iuf":
        return values.astype(str)
    has_fractions = bool((values != np.round(values)).any())
    is_quantity = has_fractions or len(np.unique(values)) > MOST_CLASSES
    return values.astype(float if is_quantity else str)


def _scores(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The F statistic of each feature; what does not vary has none and comes last."""
    from sklearn.feature_selection import f_classif, f_regression

    judge = f_regression if target.dtype == float else f_classif
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", UserWarning)
        scores = judge(features, target)[0]
    return np.where(np.isnan(scores), -np.inf, scores)
