"""Several whole pipelines as one model: the mean of what they answer, or a stack over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

TRUSTED = (
    "mlops.model.ensemble.EnsembleClassifier",
    "mlops.model.ensemble.EnsembleRegressor",
)


def stacker(*, is_class: bool) -> Any:
    """The estimator over the members' answers: few parameters, none that turns an answer round."""
    from sklearn.linear_model import LinearRegression, LogisticRegression

    return LogisticRegression(C=1.0) if is_class else LinearRegression(positive=True)


def side_by_side(answers: Sequence[Any]) -> np.ndarray:
    """What a stacker sees, shape (n_rows, n_columns): a column a member, or one a class but one.

    >>> side_by_side([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    >>> side_by_side([[[0.25, 0.75]], [[0.5, 0.5]]]).tolist()
    [[0.75, 0.5]]
    """
    arrays = [np.asarray(each, dtype=float) for each in answers]
    return np.column_stack([each if each.ndim == 1 else each[:, 1:] for each in arrays])


def blended(answers: Sequence[Any], stack: Any, classes: Any = None) -> np.ndarray:
    """What several members answer together.

    Parameters
    ----------
    answers : sequence of ndarray
        One a member: numbers, shape (n_rows,), or probabilities, shape (n_rows, n_classes).
    stack : estimator or None
        Fitted on :func:`side_by_side` of such answers; None: their mean.
    classes : array-like or None, shape (n_classes,)
        Sorted; None for numbers.
    """
    if stack is None:
        return np.mean(answers, axis=0)
    if classes is None:
        return np.asarray(stack.predict(side_by_side(answers)))
    return aligned(stack.predict_proba(side_by_side(answers)), stack.classes_, classes)


def aligned(given: Any, known: Any, classes: Any) -> np.ndarray:
    """Probabilities in the order of `classes`, sorted, of which some may not be `known`.

    >>> aligned([[0.2, 0.8]], ["a", "c"], ["a", "b", "c"]).tolist()
    [[0.2, 0.0, 0.8]]
    """
    whole = np.zeros((len(given), len(classes)))
    whole[:, np.searchsorted(classes, known)] = given
    return whole


class _Ensemble(BaseEstimator):
    """What both have in common.

    Parameters
    ----------
    members : list of estimator
        Each takes the rows as they come.
    stack : estimator or None
        Learns from the members' answers to rows that they were not fitted on; None: the mean.
    folds : int, >= 2
        For these answers.

    Attributes
    ----------
    members_ : list of estimator, fitted
    stack_ : estimator or None, fitted
    n_features_in_ : int
    """

    def __init__(self, *, members: Any = (), stack: Any = None, folds: int = 5) -> None:
        self.members = members
        self.stack = stack
        self.folds = folds

    @classmethod
    def joined(cls, members: Sequence[Any], stack: Any = None, **learned: Any) -> Any:
        """An ensemble of `members` and a `stack` that are fitted already."""
        made = cls(members=list(members), stack=stack)
        made.members_, made.stack_ = made.members, stack
        for name, value in learned.items():
            setattr(made, name, value)
        made._took_over()
        return made

    def _took_over(self) -> None:
        first = self.members_[0]
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))

    def _fit(self, X: Any, y: Any) -> None:
        from sklearn.model_selection import cross_val_predict

        if not len(self.members):
            raise ValueError("an ensemble needs at least one member")
        self.members_ = [clone(each).fit(X, y) for each in self.members]
        self._took_over()
        self.stack_ = None
        if self.stack is not None:
            answers = [
                cross_val_predict(each, X, y, cv=self.folds, method=self._method)
                for each in self.members
            ]
            self.stack_ = clone(self.stack).fit(side_by_side(answers), y)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        theirs = [get_tags(each).input_tags for each in self.members]
        tags.input_tags.sparse = bool(theirs) and all(each.sparse for each in theirs)
        return tags


class EnsembleRegressor(RegressorMixin, _Ensemble):
    """Numbers: the mean of the members' answers, or a weighted sum that was learned.

    Parameters
    ----------
    members : list of estimator
    stack : estimator or None
    folds : int, >= 2

    Attributes
    ----------
    members_, stack_ : fitted

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> members = [DummyRegressor(), DummyRegressor(strategy="constant", constant=0.0)]
    >>> EnsembleRegressor(members=members).fit([[1.0], [2.0]], [4.0, 8.0]).predict([[5.0]])
    array([3.])
    """

    _method = "predict"

    def fit(self, X: Any, y: Any) -> EnsembleRegressor:
        """Fit the members, then the stack, on `X`, shape (n_rows, n_columns)."""
        self._fit(X, column_or_1d(y, warn=True))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Give a number a row, shape (n_rows,)."""
        check_is_fitted(self, "members_")
        return blended([each.predict(X) for each in self.members_], self.stack_)


class EnsembleClassifier(ClassifierMixin, _Ensemble):
    """Classes: the mean of the members' probabilities (a soft vote), or a stack over them.

    Parameters
    ----------
    members : list of estimator
        With ``predict_proba``.
    stack : estimator or None
    folds : int, >= 2

    Attributes
    ----------
    members_, stack_ : fitted
    classes_ : ndarray, shape (n_classes,)
    threshold_ : float or None
        From which probability on the second of two classes is said; None: the most probable one.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> model = EnsembleClassifier(members=[DummyClassifier(), DummyClassifier()])
    >>> model.fit([[1], [2], [3]], ["b", "a", "b"]).predict([[7]]).tolist()
    ['b']
    """

    _method = "predict_proba"
    threshold_: float | None = None

    def fit(self, X: Any, y: Any) -> EnsembleClassifier:
        """Fit the members, then the stack, on `X`, shape (n_rows, n_columns)."""
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        self._fit(X, labels)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the probability of each class, shape (n_rows, n_classes)."""
        check_is_fitted(self, "members_")
        answers = [
            aligned(each.predict_proba(X), each.classes_, self.classes_) for each in self.members_
        ]
        return blended(answers, self.stack_, self.classes_)

    def predict(self, X: Any) -> np.ndarray:
        """Give a class a row, shape (n_rows,)."""
        chances = self.predict_proba(X)
        return self.classes_[said(chances, self.threshold_)]


def said(probabilities: np.ndarray, threshold: float | None) -> np.ndarray:
    """Position of the class that is said for each row, shape (n_rows,).

    >>> said(np.array([[0.7, 0.3], [0.4, 0.6]]), 0.25).tolist()
    [1, 1]
    """
    if threshold is None:
        return np.argmax(probabilities, axis=1)
    return (probabilities[:, 1] >= threshold).astype(int)


def cheapest(
    probabilities: np.ndarray, labels: Any, classes: Any, costs: dict[Any, float]
) -> float:
    """The threshold for the second of two classes with the least mean cost of these rows.

    Parameters
    ----------
    probabilities : ndarray, shape (n_rows, 2)
    labels : array-like, shape (n_rows,)
    classes : sequence of two labels
    costs : dict of label to float

    Examples
    --------
    >>> chances = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> cheapest(chances, ["no", "yes", "yes"], ["no", "yes"], {"yes": 5.0})
    0.25
    """
    chance = probabilities[:, 1]
    order = np.argsort(chance)
    is_second = np.asarray(labels)[order] == classes[1]
    missed = np.concatenate([[0.0], np.cumsum(is_second * costs.get(classes[1], 1.0))])
    alarms = np.concatenate([np.cumsum((~is_second * costs.get(classes[0], 1.0))[::-1])[::-1], [0]])
    edges = np.concatenate([[0.0], chance[order], [1.0 + 1e-9]])  # above all of them: never said
    between = (edges[:-1] + edges[1:]) / 2
    # Rows of one probability cannot be told apart: only steps between two values count.
    counts = np.concatenate([[True], np.diff(chance[order]) > 0, [True]])
    return float(between[np.argmin(np.where(counts, missed + alarms, np.inf))])
