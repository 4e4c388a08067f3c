"""What learned nothing says the same of every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Constant:
    """One answer for all rows.

    Parameters
    ----------
    number : float
        Of a regression.
    rank : int
    chances : list of float
        Of a classification.
    """

    number: float = 0.0
    rank: int = 0
    chances: tuple[float, ...] = ()
    takes = "sparse"

    def numbers(self, X: list[Any]) -> list[float]:
        """The number for each row."""
        return [self.number] * len(X)

    def answers(self, X: list[Any]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        return [self.rank] * len(X), [list(self.chances) for _ in X]
