"""A lowered pipeline: rows in, answers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from mlops.serving.lowered.front import Front
from mlops.serving.lowered.rich_front import RichFront
from mlops.serving.nouns import Answers, Row, Unanswerable


@dataclass(frozen=True)
class Lowered:
    """Front and model.

    Parameters
    ----------
    front : Front or RichFront
    model
        ``takes`` names the form of features it is given; it has ``numbers`` or ``answers``.
    classes : tuple
        Labels by rank; empty for a number.
    """

    front: Front | RichFront
    model: Any
    classes: tuple[Any, ...]

    def __call__(self, rows: Sequence[Row]) -> Answers:
        """Answer `rows`.

        Raises
        ------
        Unanswerable
            The model refuses a row, or has no finite number for it.
        """
        if not rows:
            return Answers([], [] if self.classes else None)
        X = list(map(getattr(self.front, self.model.takes), rows))
        if not self.classes:
            return Answers(_finite(self.model.numbers(X)))
        ranks, chances = self.model.answers(X)
        for row, each in enumerate(chances):
            if not isfinite(each[0]):
                raise Unanswerable(row)
        return Answers([self.classes[rank] for rank in ranks], chances)


def _finite(numbers: list[float]) -> list[float]:
    for row, each in enumerate(numbers):
        if not isfinite(each):
            raise Unanswerable(row)
    return numbers
