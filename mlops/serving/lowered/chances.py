"""From scores to probabilities, honest ones, and from probabilities to a class."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import exp
from typing import Any


def expit(x: float) -> float:
    """The logistic function.

    >>> expit(0.0), expit(-1000.0)
    (0.5, 0.0)
    """
    try:
        return 1 / (1 + exp(-x))
    except OverflowError:
        return 0.0


def softmax(sums: list[float]) -> list[float]:
    """Exponentials that add up to 1.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    top = max(sums)
    powers = [exp(each - top) for each in sums]
    total = _total(powers)
    return [each / total for each in powers]


def shares(parts: list[float]) -> list[float]:
    """Parts of their sum; equal ones where all are 0.

    >>> shares([1.0, 3.0]), shares([0.0, 0.0])
    ([0.25, 0.75], [0.5, 0.5])
    """
    total = _total(parts)
    return [each / total if total else 1 / len(parts) for each in parts]


def highest(scores: list[float]) -> int:
    """Rank of the highest; the first one where several are.

    >>> highest([0.2, 0.4, 0.4])
    1
    """
    return scores.index(max(scores))


def _total(parts: list[float]) -> float:
    """Added one after the other, as arrays of a few numbers are."""
    total = 0.0
    for each in parts:
        total += each
    return total


@dataclass(frozen=True)
class Sigmoid:
    """Platt's calibration: ``expit(-(slope * x + offset))``."""

    slope: float
    offset: float

    def __call__(self, x: float) -> float:
        return expit(-(self.slope * x + self.offset))


@dataclass(frozen=True)
class Isotonic:
    """Straight lines between points; beyond the first and the last one their heights.

    Parameters
    ----------
    places, heights : list of float
        Places ascend.

    Examples
    --------
    >>> line = Isotonic([0.0, 1.0], [0.2, 0.6])
    >>> line(-5.0), line(0.5), line(1.0)
    (0.2, 0.4, 0.6)
    """

    places: list[float]
    heights: list[float]

    def __call__(self, x: float) -> float:
        places, heights = self.places, self.heights
        at = bisect_right(places, x) - 1
        if at < 0:
            return heights[0]
        if at >= len(places) - 1:
            return heights[-1]
        slope = (heights[at + 1] - heights[at]) / (places[at + 1] - places[at])
        return slope * (x - places[at]) + heights[at]


@dataclass(frozen=True)
class Calibrated:
    """Models of several folds, each with calibrators; the mean of what they say.

    Parameters
    ----------
    members : list of (model, list of calibrators)
        One calibrator for two classes, else one a class.
    """

    members: list[tuple[Any, list[Any]]]

    @property
    def takes(self) -> str:
        """The features that the models take."""
        return str(self.members[0][0].takes)

    def answers(self, X: list[Any]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        said = [
            [_honest(each, calibrators) for each in model.responses(X)]
            for model, calibrators in self.members
        ]
        chances = [
            [_total(list(each)) / len(said) for each in zip(*members, strict=True)]
            for members in zip(*said, strict=True)
        ]
        return [highest(each) for each in chances], chances

    def responses(self, X: list[Any]) -> list[list[float]]:
        """What calibrators further out are given."""
        return _as_responses(self.answers(X)[1])


def _honest(scores: list[float], calibrators: list[Any]) -> list[float]:
    found = [each(score) for each, score in zip(calibrators, scores, strict=True)]
    if len(found) == 1:
        return [1.0 - found[0], found[0]]
    return [1.0 if 1.0 < each <= 1.0 + 1e-5 else each for each in shares(found)]


def _as_responses(chances: list[list[float]]) -> list[list[float]]:
    """Probabilities of all classes, of two the second's."""
    return [[each[1]] if len(each) == 2 else each for each in chances]


@dataclass(frozen=True)
class Threshold:
    """Says one of two classes from a probability on.

    Parameters
    ----------
    model
    threshold : float
    positive : int
        Rank of the class that is said from `threshold` on.
    """

    model: Any
    threshold: float
    positive: int = 1

    @property
    def takes(self) -> str:
        """The features that the model takes."""
        return str(self.model.takes)

    def answers(self, X: list[Any]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        chances = self.model.answers(X)[1]
        at, threshold = self.positive, self.threshold
        return [at if each[at] >= threshold else 1 - at for each in chances], chances
