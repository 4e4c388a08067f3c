"""Gradient descent, one pass over the rows after the other, until the loss stops falling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from mlops.core.errors import MlopsError, fail

FAR = 100.0  # so many times the loss it began with, and it will not come back


class Epochs(BaseEstimator, ABC):
    """The loop that the regressor and the classifier share.

    Parameters
    ----------
    learning_rate : float, > 0
        First step size; after t rows it is ``learning_rate / t**0.25``.
    alpha : float, >= 0
        Strength of the L2 penalty.
    fit_intercept : bool
    epochs : int, >= 1
        At most so many passes over the rows.
    tolerance : float, >= 0
        An epoch counts as progress if the loss falls by more than this share of itself.
    patience : int, >= 1
        Stop after so many epochs without progress.
    random_state : int or None
        Order of the rows.
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
        random_state: Any = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.epochs = epochs
        self.tolerance = tolerance
        self.patience = patience
        self.random_state = random_state

    @abstractmethod
    def _loss(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
        """Mean loss over all rows, without the penalty."""

    def _shared(self) -> dict[str, Any]:
        """What scikit-learn's one-epoch models are called with; we shuffle and stop ourselves."""
        return {
            "eta0": self.learning_rate,
            "learning_rate": "invscaling",
            "power_t": 0.25,
            "alpha": self.alpha,
            "fit_intercept": self.fit_intercept,
            "shuffle": False,
        }

    def _descend(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, *, start: float, **first: Any
    ) -> None:
        """Run the epochs on ``model_``, and keep ``loss_curve_``, shape (n_epochs,).

        `start` is the loss before the first step, where all weights are zero.
        """
        order = check_random_state(self.random_state)
        losses: list[float] = []
        best, idle = np.inf, 0
        while len(losses) < self.epochs and idle < self.patience:
            rows = order.permutation(len(X))
            try:
                self.model_.partial_fit(X[rows], y[rows], sample_weight=weight[rows], **first)
                losses.append(self._loss(X, y, weight))
            except ValueError as error:
                if "overflow" not in str(error):
                    raise
                losses.append(np.inf)
            if losses[-1] > FAR * start:
                raise self._diverged(len(losses))
            idle = 0 if losses[-1] < best * (1 - self.tolerance) else idle + 1
            best = min(best, losses[-1])
        self.loss_curve_ = np.array(losses)

    def _diverged(self, epoch: int) -> MlopsError:
        return fail(
            "diverged",
            "Gradient descent diverged: the loss grew beyond every bound.",
            where=f"model, epoch {epoch}",
            found=f"learning_rate={self.learning_rate}",
            accepted="a step small enough for the scale of the features",
            next_step="scale the features (features=standard) or write a smaller "
            "model.learning_rate",
        )
