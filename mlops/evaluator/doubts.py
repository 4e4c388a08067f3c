"""Warnings: what makes a number weaker than it looks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops.core.report import Metric, rounded

if TYPE_CHECKING:
    from mlops.evaluator.labels import Labels

FEW_ROWS = 50
FEW_OF_A_CLASS = 10
CALIBRATION_ROWS = 200
CALIBRATION_ERROR = 0.1


def about_size(n_rows: int) -> Iterator[str]:
    """A small test part."""
    if n_rows < FEW_ROWS:
        yield f"the test part has {n_rows} rows: every number here may move a lot with other rows"


def about_metrics(metrics: tuple[Metric, ...], n_folds: int) -> Iterator[str]:
    """Undefined metrics, and a test score far worse than cross-validation.

    "Far" is more than three standard deviations of the folds and more than a tenth of their mean;
    it is asked of the primary metric (the first) and with three folds or more.
    """
    undefined = [metric.name for metric in metrics if math.isnan(metric.value)]
    if undefined:
        yield f"undefined for these rows and predictions: {', '.join(undefined)}"
    first = metrics[0]
    if first.baseline is not None and first.low is not None and first.high is not None:
        edge = first.low if first.greater_is_better else first.high
        ahead = (first.value - first.baseline) * (1 if first.greater_is_better else -1)
        if ahead > 0 and (edge - first.baseline) * (1 if first.greater_is_better else -1) <= 0:
            yield (
                f"{first.name} is better than the trivial model's {rounded(first.baseline)} by no "
                "more than chance may give: its interval is "
                f"{rounded(first.low)} … {rounded(first.high)}"
            )
    if n_folds < 3 or first.cv_mean is None or first.cv_std is None:
        return
    worse = (first.cv_mean - first.value) * (1 if first.greater_is_better else -1)
    if worse > 3 * first.cv_std and worse > 0.1 * abs(first.cv_mean):
        yield (
            f"{first.name} on the test part ({rounded(first.value)}) is far worse than in cross-"
            f"validation ({rounded(first.cv_mean)} ± {rounded(first.cv_std)}): the model may be "
            "overfitted, or the test rows differ"
        )


def rare_classes(rows: Labels) -> list[str]:
    """Judged classes of which the test part holds next to none."""
    counts = rows.indicators[0].sum(axis=0)
    rare = [k for k in rows.judged if counts[k] < FEW_OF_A_CLASS]
    named = [f"{rows.classes[k]!s:.40} ({int(counts[k])})" for k in rare[:5]]
    more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
    return [f"classes with few test rows: {', '.join(named)}{more}"] if rare else []


def calibration(rows: Labels) -> list[str]:
    """Probabilities that are far from the shares that occur; asked with 200 rows or more."""
    from mlops.evaluator.class_measures import calibration_error
    from mlops.evaluator.measure import every_row

    if len(rows.actual) < CALIBRATION_ROWS:
        return []
    error = float(calibration_error(rows, every_row(len(rows.actual))[0])[0])
    if not error > CALIBRATION_ERROR:  # NaN without probabilities
        return []
    says = f"the probabilities are badly calibrated, off by {error:.2f} on average"
    return [f"{says}: use them to rank rows, not as chances"]
