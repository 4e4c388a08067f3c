"""Outliers by the interquartile range."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from mlops.cleaner.step import Counts, Step
from mlops.core.errors import one_of
from mlops.core.frames import as_kind, kind


class Iqr(Step):
    r"""Treat numbers far outside the middle half of their column.

    A value is an outlier outside :math:`[Q_1 - k\,IQR,\ Q_3 + k\,IQR]` with
    :math:`IQR = Q_3 - Q_1` (Tukey, Exploratory Data Analysis, 1977), quartiles by linear
    interpolation over the finite training values. Booleans, columns with two values and columns
    whose quartiles are equal are left alone: there the rule would call every rarer value an
    outlier. A missing value is no outlier, an infinite one is.

    Parameters
    ----------
    factor : float, > 0
        The k above.
    action : {"clip", "blank", "drop"}
        Move the value to the bound, make it missing, or drop the row while fitting (when
        predicting, the value is then moved to the bound).

    Attributes
    ----------
    kinds_ : dict of str to str
    bounds_ : dict of str to (float, float)
        Columns that are judged, with their lowest and highest usual value.

    Examples
    --------
    >>> step = Iqr(factor=1.5).fit(pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 100.0]}))
    >>> step.bounds_, step.touched_
    ({'a': (-1.0, 7.0)}, {'a: outlier clipped above 7': 1})
    """

    gentler: ClassVar[str] = (
        "write cleaner.action=clip (with cleaner=standard, cleaner.outliers.action=clip)"
    )

    def __init__(self, *, factor: float = 1.5, action: str = "clip") -> None:
        self.factor = factor
        self.action = action

    def _learn(self, frame: pd.DataFrame) -> None:
        one_of("cleaner.action", self.action, ("clip", "blank", "drop"))
        self.kinds_ = {name: kind(frame[name]) for name in frame}
        self.bounds_: dict[str, tuple[float, float]] = {}
        for name in frame:
            if self.kinds_[name] == "numeric":
                values = as_kind(frame[name], "numeric").to_numpy()
                self._judge(name, values[np.isfinite(values)])

    def _judge(self, name: str, values: np.ndarray) -> None:
        if len(np.unique(values)) < 3:
            return
        low, high = (float(each) for each in np.quantile(values, [0.25, 0.75]))
        reach = self.factor * (high - low)
        if reach > 0:
            self.bounds_[name] = (low - reach, high + reach)

    def _kept(self, frame: pd.DataFrame, y: Any) -> tuple[np.ndarray, Counts]:
        kept = np.ones(len(frame), dtype=bool)
        if self.action != "drop":
            return kept, {}
        counts: Counts = {}
        for name, (low, high) in self.bounds_.items():
            values = as_kind(frame[name], "numeric").to_numpy()
            kept &= ~((values < low) | (values > high))
            counts |= _counted(name, "row dropped, outlier", values, low, high)
        return kept, counts

    def _mended(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
        mended = frame.copy()
        counts: Counts = {}
        done = "outlier made missing" if self.action == "blank" else "outlier clipped"
        for name, (low, high) in self.bounds_.items():
            column = as_kind(frame[name], "numeric")
            usual = column.clip(low, high)
            mended[name] = usual.mask(usual != column) if self.action == "blank" else usual
            counts |= _counted(name, done, column.to_numpy(), low, high)
        return mended, counts


def _counted(name: str, done: str, values: np.ndarray, low: float, high: float) -> Counts:
    below, above = int((values < low).sum()), int((values > high).sum())
    found = {f"{name}: {done} below {low:.4g}": below, f"{name}: {done} above {high:.4g}": above}
    return {sentence: count for sentence, count in found.items() if count}
