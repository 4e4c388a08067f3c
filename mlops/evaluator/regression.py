"""Judging predicted numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Task
from mlops.core.report import Plot, Predictions
from mlops.evaluator.evaluator import Evaluator
from mlops.evaluator.measure import Measure, mean

if TYPE_CHECKING:
    import numpy as np

    from mlops.evaluator.changed import Changed


@dataclass(frozen=True)
class Numbers:
    """Actual and predicted numbers, each of shape (n_rows,)."""

    actual: np.ndarray
    predicted: np.ndarray

    @property
    def residual(self) -> np.ndarray:
        """Actual minus predicted: positive where the model is too low."""
        return self.actual - self.predicted

    @property
    def badness(self) -> np.ndarray:
        """|yᵢ − ŷᵢ|: how wrong each row is."""
        return abs(self.residual)


def mse(rows: Numbers, weights: np.ndarray) -> np.ndarray:
    """Mean squared error, the loss L = 1/n Σ (yᵢ − ŷᵢ)²; in the target's unit squared.

    The loss that ordinary least squares minimises [1]_.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2009,
       §3.2.
    """
    return mean(rows.residual**2, weights)


def rmse(rows: Numbers, weights: np.ndarray) -> np.ndarray:
    """Root mean squared error √L; in the target's unit, large errors count more."""
    return mse(rows, weights) ** 0.5


def mae(rows: Numbers, weights: np.ndarray) -> np.ndarray:
    """Mean absolute error 1/n Σ |yᵢ − ŷᵢ|; in the target's unit, all errors count by their size.

    Against RMSE: C. J. Willmott, K. Matsuura, Climate Research 30, 2005.
    """
    return mean(rows.badness, weights)


def r2(rows: Numbers, weights: np.ndarray) -> np.ndarray:
    """Share of variance explained R² = 1 − Σ (yᵢ − ŷᵢ)² / Σ (yᵢ − ȳ)²; 1 is perfect.

    0 is as good as the mean of these rows, below 0 worse; NaN where the target does not vary [1]_.

    References
    ----------
    .. [1] N. R. Draper, H. Smith, "Applied Regression Analysis", 1998, §1.3.
    """
    import numpy as np

    # Centred first: the difference of two large sums would lose the digits.
    centred = rows.actual - rows.actual.mean()
    squares = weights @ centred**2
    total = squares - (weights @ centred) ** 2 / weights.sum(axis=1)
    varies = total > 1e-12 * squares
    left = weights @ rows.residual**2
    return np.where(varies, 1 - left / np.where(varies, total, 1), np.nan)


class Regression(Evaluator):
    """Scores numbers: MSE (the loss), RMSE, MAE, R².

    Keys: see :class:`~mlops.evaluator.evaluator.Evaluator`.
    """

    serves = "regression"
    measures = (
        Measure("mse", False, mse),
        Measure("rmse", False, rmse),
        Measure("mae", False, mae),
        Measure("r2", True, r2),
    )

    def rows(self, y: Any, predictions: Predictions, task: Task) -> Numbers:
        """Both sides as float arrays."""
        import numpy as np

        return Numbers(np.asarray(y, dtype=float), np.asarray(predictions.values, dtype=float))

    def plots(self, rows: Numbers, task: Task) -> tuple[Plot, ...]:
        """Predicted against actual, residuals against predicted, residuals counted."""
        from mlops.evaluator.regression_plots import plots

        return plots(rows.actual, rows.predicted, task.target)

    def changed(self, a: Numbers, b: Numbers, task: Task) -> Changed:
        """How far the numbers moved."""
        from mlops.evaluator.changed import of_numbers

        return of_numbers(a, b)

    def shown(self, rows: Numbers, position: int, task: Task) -> tuple[Any, Any]:
        """Actual and predicted number of one row."""
        return float(rows.actual[position]), float(rows.predicted[position])
