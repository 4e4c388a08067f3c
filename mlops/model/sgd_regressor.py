"""Least squares by gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.linear_model import SGDRegressor
from sklearn.utils.validation import check_is_fitted, validate_data

from mlops.model.epochs import Epochs


class SgdRegressor(RegressorMixin, Epochs):
    r"""Linear regression that minimises :math:`L = \frac1n \sum_i (y_i - \hat y_i)^2` by epochs.

    Takes the parameters of :class:`mlops.model.epochs.Epochs`. Features should be scaled.

    Attributes
    ----------
    loss_curve_ : ndarray, shape (n_epochs,)
        Mean squared error on the training rows after each epoch.
    model_ : SGDRegressor

    Examples
    --------
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = SgdRegressor(learning_rate=0.1, random_state=0).fit(X, 3 * X[:, 0] + 1)
    >>> model.predict([[0.5]]).round(1).tolist(), bool(model.loss_curve_[-1] < 0.01)
    ([2.5], True)
    """

    def fit(self, X: Any, y: Any) -> SgdRegressor:
        """Descend from zero weights; `X` has shape (n_rows, n_features)."""
        X, y = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        self.model_ = SGDRegressor(**self._shared())
        y = y.astype(np.float64)
        start = float(np.mean(y**2)) + np.finfo(float).tiny
        self._descend(X, y, np.ones(len(y)), start=start)
        return self

    def _loss(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
        return float(np.mean((y - self.model_.predict(X)) ** 2))

    def predict(self, X: Any) -> np.ndarray:
        """Predict, shape (n_rows,)."""
        check_is_fitted(self, "model_")
        return self.model_.predict(validate_data(self, X, reset=False, dtype=np.float64))
