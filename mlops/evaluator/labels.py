"""Classes as positions, with everything the class metrics compute from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Task
from mlops.core.errors import fail, listed
from mlops.core.report import Predictions
from mlops.evaluator.ranking import Ranking

if TYPE_CHECKING:
    import numpy as np

BINS = 10  # of probabilities, for calibration


@dataclass(frozen=True)
class Labels:
    """Actual and predicted classes of the rows.

    Parameters
    ----------
    actual, predicted : numpy.ndarray of int, shape (n_rows,)
        Positions in `classes`.
    probabilities : numpy.ndarray of float or None, shape (n_rows, n_classes)
    classes : tuple
    positive : int or None
        Position of the class that matters; None with more than two classes.
    costs : numpy.ndarray of float, shape (n_classes,)
        What one mistaken row of each actual class costs.
    """

    actual: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None
    classes: tuple[Any, ...]
    positive: int | None
    costs: np.ndarray

    @property
    def mistaken(self) -> np.ndarray:
        """True where the predicted class is not the actual one."""
        return self.actual != self.predicted

    @property
    def judged(self) -> list[int]:
        """The classes whose detection is measured: the positive one, or all."""
        return list(range(len(self.classes))) if self.positive is None else [self.positive]

    @cached_property
    def indicators(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per row and class: actual, predicted, both; each of shape (n_rows, n_classes)."""
        import numpy as np

        unit = np.eye(len(self.classes))
        actual, predicted = unit[self.actual], unit[self.predicted]
        return actual, predicted, actual * predicted

    @cached_property
    def rankings(self) -> list[Ranking]:
        """One for each judged class; none without probabilities."""
        if self.probabilities is None:
            return []
        return [Ranking(self.probabilities[:, k], self.actual == k) for k in self.judged]

    @cached_property
    def calibration_gaps(self) -> np.ndarray | None:
        """What each row adds to its bin: p − hit, shape (n_rows, 10); None without probabilities.

        p is the probability of the positive class, with more than two classes the highest one; a
        hit is a row of that class. The bins are of equal width over [0, 1].
        """
        import numpy as np

        if self.probabilities is None:
            return None
        rows = np.arange(len(self.actual))
        named = np.full(len(rows), self.positive or 0)
        if self.positive is None:
            named = self.probabilities.argmax(axis=1)
        chance = self.probabilities[rows, named]
        bins = np.clip((np.nan_to_num(chance) * BINS).astype(int), 0, BINS - 1)
        gaps = np.zeros((len(rows), BINS))
        gaps[rows, bins] = chance - (self.actual == named)
        return gaps

    @property
    def badness(self) -> np.ndarray:
        """How wrong each row is: 1 − p(actual class); without probabilities 1 for a mistake."""
        chance = self.chance
        return self.mistaken.astype(float) if chance is None else 1 - chance

    @property
    def chance(self) -> np.ndarray | None:
        """Probability given to the actual class, shape (n_rows,); None without probabilities."""
        import numpy as np

        if self.probabilities is None:
            return None
        return self.probabilities[np.arange(len(self.actual)), self.actual]


def labels(y: Any, predictions: Predictions, task: Task) -> Labels:
    """Bring both sides into positions of ``task.classes``.

    Raises
    ------
    MlopsError
        A label is not among the classes.
    """
    import numpy as np

    classes = tuple(task.classes)
    two = len(classes) == 2
    positive = classes.index(task.positive) if task.positive in classes else len(classes) - 1
    given = {str(label): float(cost) for label, cost in task.costs.items()}
    chances = predictions.probabilities
    return Labels(
        actual=_positions(y, task),
        predicted=_positions(predictions.values, task),
        probabilities=None if chances is None else np.asarray(chances, dtype=float),
        classes=classes,
        positive=positive if two else None,
        costs=np.array([given.get(str(label), 1.0) for label in classes]),
    )


def _positions(values: Any, task: Task) -> np.ndarray:
    import numpy as np
    import pandas as pd

    index = pd.Index(list(task.classes), dtype=object)
    found = index.get_indexer(pd.Index(np.asarray(values, dtype=object), dtype=object))
    if (found < 0).any():
        raise fail(
            "unknown-class",
            f"{int((found < 0).sum())} rows have a class that the task does not know.",
            where=f"column {task.target}",
            found="a label that is not among the classes of the data, or none",
            accepted=listed(task.classes),
            next_step="correct the target column, or the model that predicts it",
        )
    return np.asarray(found)
