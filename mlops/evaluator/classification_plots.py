"""Pictures of predicted classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.report import Plot
from mlops.evaluator.labels import Labels
from mlops.evaluator.ranking import Ranking
from mlops.evaluator.regression_plots import MOST_POINTS, counted, points

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 12  # of a confusion matrix
MOST_CURVES = 6
BANDS = 10


def plots(rows: Labels) -> tuple[Plot, ...]:
    """Confusion matrix; with probabilities ROC, precision-recall, calibration and scores."""
    import numpy as np

    matrix = _confusion(rows)
    if rows.probabilities is None or not np.isfinite(rows.probabilities).all():
        return (matrix,)
    curves = _curves(rows)
    return tuple(each for each in (*curves, _calibration(rows), matrix, _scores(rows)) if each)


def _name(rows: Labels, position: int) -> str:
    text = str(rows.classes[position])
    return text if len(text) <= 40 else text[:39] + "…"


def _confusion(rows: Labels) -> Plot:
    """The most frequent classes one by one, the others together."""
    import numpy as np

    n_classes = len(rows.classes)
    frequent = np.argsort(-np.bincount(rows.actual, minlength=n_classes), kind="stable")
    shown = np.sort(frequent[:MOST_CLASSES])
    place = np.full(n_classes, len(shown))
    place[shown] = np.arange(len(shown))
    names = [_name(rows, k) for k in shown] + ["others"] * (n_classes > len(shown))
    size = len(names)
    cells = np.bincount(place[rows.actual] * size + place[rows.predicted], minlength=size * size)
    counts = cells.reshape(size, size).tolist()
    series = {
        name: list(zip(names, row, strict=True)) for name, row in zip(names, counts, strict=True)
    }
    return Plot("matrix", "Confusion matrix", "predicted", "actual", series)


def _curves(rows: Labels) -> list[Plot | None]:
    """ROC and precision-recall, one curve a judged class, the most frequent classes first."""
    import numpy as np

    size = np.bincount(rows.actual, minlength=len(rows.classes))
    both = [
        (k, ranking)
        for k, ranking in zip(rows.judged, rows.rankings, strict=True)
        if 0 < size[k] < len(rows.actual)
    ]
    both = sorted(both, key=lambda each: -size[each[0]])[:MOST_CURVES]
    if not both:
        return []
    most = MOST_POINTS // len(both)
    roc: dict[str, Any] = {"chance": [(0.0, 0.0), (1.0, 1.0)]}
    pr: dict[str, Any] = {}
    for k, ranking in both:
        false_rate, recall, precision = _rates(ranking)
        roc[_name(rows, k)] = points(false_rate, recall, most)
        pr[_name(rows, k)] = points(recall[1:], precision[1:], most)
    return [
        Plot("line", "ROC curve", "false positive rate", "true positive rate", roc),
        Plot("line", "Precision and recall", "recall", "precision", pr),
    ]


def _rates(ranking: Ranking) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import numpy as np

    hits, misses = (side[0] for side in ranking.counts(np.ones((1, len(ranking.hits)))))
    precision = hits / np.maximum(hits + misses, 1)
    return misses / misses[-1], hits / hits[-1], precision


def _calibration(rows: Labels) -> Plot | None:
    """Mean probability and share of hits in bands of equally many rows; two classes only."""
    import numpy as np

    if rows.positive is None or rows.probabilities is None or len(rows.actual) < 2 * BANDS:
        return None
    chance = rows.probabilities[:, rows.positive]
    hit = rows.actual == rows.positive
    bands = np.array_split(np.argsort(chance, kind="stable"), BANDS)
    pairs = [(float(chance[band].mean()), float(hit[band].mean())) for band in bands]
    series: dict[str, Any] = {"perfect": [(0.0, 0.0), (1.0, 1.0)], "bands of rows": pairs}
    return Plot("line", "Calibration", "mean probability", "share that is positive", series)


def _scores(rows: Labels) -> Plot | None:
    """How often each probability of the positive class was given, by actual class."""
    if rows.positive is None or rows.probabilities is None:
        return None
    chance = rows.probabilities[:, rows.positive]
    label = f"probability of {_name(rows, rows.positive)}"
    series = {
        _name(rows, k): counted(chance[rows.actual == k], (0.0, 1.0), bins=20)
        for k in range(len(rows.classes))
    }
    return Plot("histogram", "Probabilities by actual class", label, "rows", series)
