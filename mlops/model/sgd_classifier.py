"""Logistic regression by gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.linear_model import SGDClassifier
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mlops.model.epochs import Epochs


class SgdClassifier(ClassifierMixin, Epochs):
    """Logistic regression that minimises the log loss by epochs; one-vs-rest beyond two classes.

    Takes the parameters of :class:`mlops.model.epochs.Epochs`. Features should be scaled.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        Weight of the rows of each class.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
    loss_curve_ : ndarray, shape (n_epochs,)
        Weighted mean log loss on the training rows after each epoch.
    model_ : SGDClassifier
    """

    def __init__(
        self,
        *,
        learning_rate: float = 0.01,
        alpha: float = 0.0001,
        fit_intercept: bool = True,
        epochs: int = 200,
        tolerance: float = 0.001,
        patience: int = 5,
        class_weight: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            alpha=alpha,
            fit_intercept=fit_intercept,
            epochs=epochs,
            tolerance=tolerance,
            patience=patience,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> SgdClassifier:
        """Descend from zero weights; `X` has shape (n_rows, n_features)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        self.model_ = SGDClassifier(loss="log_loss", **self._shared())
        weight = compute_sample_weight(self.class_weight, y)
        weight /= weight.mean()  # the weights choose between rows, they do not lengthen the step
        start = float(np.log(len(self.classes_) + 1))
        self._descend(X, y, weight, start=start, classes=self.classes_)
        return self

    def _loss(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
        said = self.model_.predict_proba(X)[np.arange(len(y)), np.searchsorted(self.classes_, y)]
        return float(np.average(-np.log(np.maximum(said, 1e-15)), weights=weight))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, shape (n_rows, n_classes), columns in the order of ``classes_``."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(validate_data(self, X, reset=False, dtype=np.float64))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, shape (n_rows,)."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]
