"""Equal training rows are kept once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlops.cleaner.step import Counts, Step


class DropDuplicates(Step):
    """Keep the first of equal rows while fitting; rows are equal if their target is equal too.

    Examples
    --------
    >>> step = DropDuplicates()
    >>> X, y = step.fit_resample(pd.DataFrame({"a": [1, 1, 1]}), pd.Series([0, 0, 1]))
    >>> y.tolist(), step.touched_
    ([0, 1], {'all columns: row dropped, equal to an earlier one': 1})
    """

    def _kept(self, frame: pd.DataFrame, y: Any) -> tuple[np.ndarray, Counts]:
        parts = [frame.reset_index(drop=True).set_axis(range(frame.shape[1]), axis=1)]
        if y is not None:
            parts.append(pd.DataFrame(np.asarray(y)).add_prefix("target"))
        repeated = pd.concat(parts, axis=1).duplicated().to_numpy()
        says = "all columns: row dropped, equal to an earlier one"
        return ~repeated, {says: int(repeated.sum())} if repeated.any() else {}
