"""Linear models: one weighted sum a row, or one a class."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from operator import mul

from mlops.serving.lowered.chances import expit, highest, shares, softmax
from mlops.serving.nouns import Unanswerable

Sparse = tuple[list[float], list[int]]


@dataclass(frozen=True)
class Weights:
    """One weighted sum.

    Parameters
    ----------
    weights : list of float, length n_features
    intercept : float

    Examples
    --------
    >>> Weights([2.0, 10.0, 20.0], 1.0).sums([([3.0], [2])])
    [27.0]
    """

    weights: list[float]
    intercept: float

    def sums(self, X: list[Sparse]) -> list[float]:
        """The sum for each row.

        Raises
        ------
        Unanswerable
            A feature is missing or infinite.
        """
        weights, intercept, found = self.weights, self.intercept, []
        for row, (numbers, ones) in enumerate(X):
            total = sum(map(mul, numbers, weights)) + intercept
            for each in ones:
                total += weights[each]
            if not isfinite(total) and not all(map(isfinite, numbers)):
                raise Unanswerable(row)
            found.append(total)
        return found


@dataclass(frozen=True)
class LinearNumber:
    """Predicts the sum itself."""

    weights: Weights
    takes = "sparse"

    def numbers(self, X: list[Sparse]) -> list[float]:
        """A number for each row."""
        return self.weights.sums(X)


@dataclass(frozen=True)
class LinearBinary:
    """Logistic regression for two classes.

    Parameters
    ----------
    weights : Weights
    decides : bool
        Whether the sign of the sum decides, and calibrators are given it; else the probability.
    """

    weights: Weights
    decides: bool = True
    takes = "sparse"

    def answers(self, X: list[Sparse]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        sums = self.weights.sums(X)
        chances = [[1 - p, p] for p in map(expit, sums)]
        if self.decides:
            return [int(each > 0) for each in sums], chances
        return [highest(each) for each in chances], chances

    def responses(self, X: list[Sparse]) -> list[list[float]]:
        """What calibrators are given."""
        sums = self.weights.sums(X)
        return [[each] if self.decides else [expit(each)] for each in sums]


@dataclass(frozen=True)
class LinearClasses:
    """Logistic regression for several classes.

    Parameters
    ----------
    weights : list of Weights
        One a class.
    is_softmax : bool
        Else one class against the rest, their probabilities made to add up to 1.
    decides : bool
        As in :class:`LinearBinary`.
    """

    weights: list[Weights]
    is_softmax: bool
    decides: bool = True
    takes = "sparse"

    def answers(self, X: list[Sparse]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        sums = self._sums(X)
        chances = [self._chances(each) for each in sums]
        return [highest(each) for each in (sums if self.decides else chances)], chances

    def responses(self, X: list[Sparse]) -> list[list[float]]:
        """What calibrators are given."""
        sums = self._sums(X)
        return sums if self.decides else [self._chances(each) for each in sums]

    def _sums(self, X: list[Sparse]) -> list[list[float]]:
        return [list(each) for each in zip(*(w.sums(X) for w in self.weights), strict=True)]

    def _chances(self, sums: list[float]) -> list[float]:
        return softmax(sums) if self.is_softmax else shares([expit(each) for each in sums])
