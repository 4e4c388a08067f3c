"""Training rows with a gap are dropped; such a row is filled when it is predicted."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from mlops.cleaner.impute import Impute
from mlops.cleaner.step import Counts
from mlops.core.frames import as_kind, gaps


class DropMissing(Impute):
    """Drop rows with a missing or infinite value while fitting.

    While predicting no row may go: its gaps are filled with what :class:`Impute` learned from
    the known values of all training rows. A column without any known value is no reason to drop.

    Parameters
    ----------
    numeric, categorical : str
        As for :class:`Impute`: what fills a gap when predicting.

    Examples
    --------
    >>> step = DropMissing()
    >>> X, y = step.fit_resample(pd.DataFrame({"a": [1.0, None, 3.0]}), pd.Series([1, 2, 3]))
    >>> y.tolist(), step.rows_dropped_, step.transform(pd.DataFrame({"a": [None]}))["a"].tolist()
    ([1, 3], 1, [2.0])
    """

    gentler: ClassVar[str] = "write cleaner=impute, which fills what is missing"

    def __init__(self, *, numeric: str = "median", categorical: str = "most_frequent") -> None:
        super().__init__(numeric=numeric, categorical=categorical)

    def _kept(self, frame: pd.DataFrame, y: Any) -> tuple[np.ndarray, Counts]:
        kept, counts = np.ones(len(frame), dtype=bool), {}
        for name, wanted in self.kinds_.items():
            missing = gaps(as_kind(frame[name], wanted)).to_numpy()
            if name not in self.unknown_ and missing.any():
                kept &= ~missing
                counts[f"{name}: row dropped, value missing"] = int(missing.sum())
        return kept, counts
