"""Judging predicted classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Task
from mlops.core.report import Plot, Predictions
from mlops.evaluator import class_measures as measured
from mlops.evaluator.evaluator import Evaluator
from mlops.evaluator.labels import Labels, labels
from mlops.evaluator.measure import Measure

if TYPE_CHECKING:
    from mlops.evaluator.changed import Changed

COST = Measure("cost", False, measured.cost)


class Classification(Evaluator):
    """Scores classes: decisions, rankings and probabilities.

    With two classes, precision, recall, F1, ROC AUC and PR AUC are those of ``Task.positive``; with
    more they are means over the classes, each against the rest (macro, one-vs-rest). ``cost`` is
    there when the data states costs. Keys: see :class:`~mlops.evaluator.evaluator.Evaluator`.
    """

    serves = "classification"
    measures = (
        Measure("accuracy", True, measured.accuracy),
        Measure("balanced_accuracy", True, measured.balanced_accuracy),
        Measure("precision", True, measured.precision),
        Measure("recall", True, measured.recall),
        Measure("f1", True, measured.f1),
        Measure("roc_auc", True, measured.roc_auc),
        Measure("pr_auc", True, measured.pr_auc),
        Measure("log_loss", False, measured.log_loss),
        Measure("brier", False, measured.brier),
        Measure("calibration_error", False, measured.calibration_error),
        COST,
    )

    def measures_for(self, task: Task) -> tuple[Measure, ...]:
        """All, and ``cost`` only where the data states costs."""
        return self.measures if task.costs else self.measures[:-1]

    def rows(self, y: Any, predictions: Predictions, task: Task) -> Labels:
        """Both sides as positions in ``task.classes``."""
        return labels(y, predictions, task)

    def plots(self, rows: Labels, task: Task) -> tuple[Plot, ...]:
        """Confusion matrix, and with probabilities ROC, precision-recall, calibration, scores."""
        from mlops.evaluator.classification_plots import plots

        return plots(rows)

    def changed(self, a: Labels, b: Labels, task: Task) -> Changed:
        """Which labels changed into which."""
        from mlops.evaluator.changed import of_labels

        return of_labels(a, b)

    def shown(self, rows: Labels, position: int, task: Task) -> tuple[Any, Any]:
        """Actual and predicted label of one row."""
        return rows.classes[rows.actual[position]], rows.classes[rows.predicted[position]]

    def doubts(self, rows: Labels, task: Task) -> list[str]:
        """What makes the numbers of this test part weak."""
        from mlops.evaluator.doubts import calibration, rare_classes

        return rare_classes(rows) + calibration(rows)
