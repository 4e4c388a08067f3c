"""Missing and infinite values are filled with learned ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlops.cleaner.step import Counts, Step
from mlops.core.errors import one_of
from mlops.core.frames import as_kind, gaps, kind
from mlops.core.values import UNKNOWN


class Impute(Step):
    """Fill every gap; an infinite number is a gap too.

    A date gets the middle date, a boolean the more frequent value, a column without any known
    value 0.

    Parameters
    ----------
    numeric : {"median", "mean", "zero"}
        What fills a number.
    categorical : {"most_frequent", "own_category"}
        What fills a category; the own category is called ``missing``.

    Attributes
    ----------
    kinds_ : dict of str to str
    fills_ : dict of str to (float or str)
        Column to the value that fills it; dates as ISO text.

    Examples
    --------
    >>> step = Impute().fit(pd.DataFrame({"a": [1.0, None, 3.0], "b": ["x", "x", None]}))
    >>> step.fills_
    {'a': 2.0, 'b': 'x'}
    >>> step.touched_
    {'a: missing value filled': 1, 'b: missing value filled': 1}
    """

    def __init__(self, *, numeric: str = "median", categorical: str = "most_frequent") -> None:
        self.numeric = numeric
        self.categorical = categorical

    def _learn(self, frame: pd.DataFrame) -> None:
        one_of("cleaner.numeric", self.numeric, ("median", "mean", "zero"))
        one_of("cleaner.categorical", self.categorical, ("most_frequent", "own_category"))
        self.kinds_ = {name: kind(frame[name]) for name in frame}
        self.fills_ = {name: self._fill(frame[name], self.kinds_[name]) for name in frame}
        self.unknown_ = [name for name in frame if _known(frame[name], self.kinds_[name]).empty]

    def _fill(self, column: pd.Series, wanted: str) -> float | str:
        known = _known(column, wanted)
        if wanted == "date":
            return str(known.median()) if len(known) else "1970-01-01"
        if wanted == "category" and (self.categorical == "own_category" or known.empty):
            return UNKNOWN
        if wanted == "category":
            return str(known.mode().iloc[0])
        if known.empty or (self.numeric == "zero" and wanted == "numeric"):
            return 0.0
        middle = "mode" if wanted == "boolean" else self.numeric
        return float(np.atleast_1d(getattr(known, middle)())[0])

    def _mended(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
        mended, counts = {}, {}
        for name, wanted in self.kinds_.items():
            column = as_kind(frame[name], wanted)
            missing = gaps(column)
            filled = int(missing.sum())
            if filled:
                fill = self.fills_[name]
                column = column.mask(missing, pd.Timestamp(fill) if wanted == "date" else fill)
                why = "without a known value" if name in self.unknown_ else "missing value"
                counts[f"{name}: {why} filled"] = filled
            mended[name] = column
        return pd.DataFrame(mended, index=frame.index), counts


def _known(column: pd.Series, wanted: str) -> pd.Series:
    typed = as_kind(column, wanted)
    return typed[~gaps(typed)]
