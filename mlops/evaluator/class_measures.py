"""The class metrics, each with its formula; TP, FP, FN, TN are of a class against the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops.evaluator.labels import Labels
from mlops.evaluator.measure import mean

if TYPE_CHECKING:
    import numpy as np


def _counts(rows: Labels, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """TP + FN, TP + FP and TP of each class, each of shape (n_sets, n_classes)."""
    actual, predicted, both = rows.indicators
    return weights @ actual, weights @ predicted, weights @ both


def _share(rows: Labels, part: np.ndarray, whole: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """``part / whole`` of the positive class, or its mean over the classes that were `seen`.

    An empty whole counts as 0 for a class that was seen, as scikit-learn does.
    """
    import numpy as np

    shares = np.where(whole > 0, part / np.where(whole > 0, whole, 1), 0.0)
    if rows.positive is not None:
        return shares[:, rows.positive]
    return (shares * seen).sum(axis=1) / seen.sum(axis=1)


def accuracy(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Share of rows whose class is right, (TP + TN) / n."""
    return mean((~rows.mistaken).astype(float), weights)


def balanced_accuracy(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Mean recall over the classes that occur, 1/K Σₖ TPₖ / (TPₖ + FNₖ); rare classes count alike.

    K. H. Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.
    """
    import numpy as np

    actual, _, both = _counts(rows, weights)
    present = actual > 0
    return (both / np.where(present, actual, 1)).sum(axis=1) / present.sum(axis=1)


def precision(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Share of the rows called positive that are, TP / (TP + FP); 0 where none was called so.

    With more than two classes the mean over the classes that occur or were predicted (macro).
    """
    actual, predicted, both = _counts(rows, weights)
    return _share(rows, both, predicted, actual + predicted > 0)


def recall(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Share of the positive rows that were found, TP / (TP + FN); NaN where there is none.

    With more than two classes the mean over the classes that occur or were predicted (macro).
    """
    import numpy as np

    actual, predicted, both = _counts(rows, weights)
    share = _share(rows, both, actual, actual + predicted > 0)
    if rows.positive is None:
        return share
    return np.where(actual[:, rows.positive] > 0, share, np.nan)


def f1(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); NaN where that is 0 / 0.

    With more than two classes the mean over the classes that occur or were predicted (macro).
    C. J. van Rijsbergen, "Information Retrieval", 1979, chapter 7.
    """
    import numpy as np

    actual, predicted, both = _counts(rows, weights)
    seen = actual + predicted > 0
    share = _share(rows, 2 * both, actual + predicted, seen)
    if rows.positive is None:
        return share
    return np.where(seen[:, rows.positive], share, np.nan)


def roc_auc(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve, see :meth:`Ranking.roc_auc`; NaN with one class in the rows.

    With more than two classes the mean over the classes, each against the rest (macro).
    """
    return _over_classes([ranking.roc_auc(weights) for ranking in rows.rankings], weights)


def pr_auc(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Average precision, see :meth:`Ranking.average_precision`; NaN without positive rows.

    With more than two classes the mean over the classes, each against the rest (macro).
    """
    return _over_classes([ranking.average_precision(weights) for ranking in rows.rankings], weights)


def _over_classes(values: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.mean(values, axis=0) if values else np.full(len(weights), np.nan)


def log_loss(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Mean negative log-likelihood −1/n Σ ln p(yᵢ), in nats; 0 is perfect, no upper end.

    Probabilities are kept above 2.2e-16 so that one wrong certainty is not infinite. A strictly
    proper score: T. Gneiting, A. E. Raftery, JASA 102, 2007. NaN without probabilities.
    """
    import numpy as np

    chance = rows.chance
    if chance is None:
        return np.full(len(weights), np.nan)
    return mean(-np.log(np.maximum(chance, np.finfo(float).eps)), weights)


def brier(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Mean squared error of the probabilities, 1/n Σ (pᵢ − yᵢ)² of the positive class, in [0, 1].

    With more than two classes 1/n Σᵢ Σₖ (pᵢₖ − yᵢₖ)², in [0, 2]. NaN without probabilities.
    G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    import numpy as np

    if rows.probabilities is None:
        return np.full(len(weights), np.nan)
    squares = (rows.probabilities - rows.indicators[0]) ** 2
    return mean(
        squares.sum(axis=1) if rows.positive is None else squares[:, rows.positive], weights
    )


def calibration_error(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error Σ_b n_b/n |mean p − share of hits| over ten bins, in [0, 1].

    Of the positive class [1]_; with more than two classes of the highest probability [2]_. NaN
    without probabilities. It says how far the probabilities are from chances, not how much they
    tell: the class shares alone have an error near 0, so no model beats the trivial one by it.
    Chance makes it too high, by 0.04 with 500 rows, by 0.01 with 10,000, and its interval again.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
       Bayesian binning", AAAI 2015.
    .. [2] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks",
       ICML 2017.
    """
    import numpy as np

    gaps = rows.calibration_gaps
    if gaps is None:
        return np.full(len(weights), np.nan)
    return abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)


def cost(rows: Labels, weights: np.ndarray) -> np.ndarray:
    """Mean cost a row, 1/n Σ c(yᵢ) [ŷᵢ ≠ yᵢ], in the unit of ``data.costs``; unstated costs are 1.

    C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.
    """
    return mean(rows.costs[rows.actual] * rows.mistaken, weights)
