"""The usual order of cleaning: types, missing values, outliers, duplicates."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from mlops.cleaner.step import Step
from mlops.core.frames import as_frame


class Standard(Step):
    """Chain cleaning steps; each learns from what the one before it gave.

    Parameters
    ----------
    types, missing, outliers, duplicates : transformer or None
        One step each, in this order; None leaves it out.

    Attributes
    ----------
    steps_ : list of transformer
        The fitted steps.
    touched_ : dict of str to int
        What the steps touched, together.
    rows_dropped_ : int
        Rows that :meth:`fit_resample` left out.
    """

    def __init__(
        self,
        *,
        types: Any = None,
        missing: Any = None,
        outliers: Any = None,
        duplicates: Any = None,
    ) -> None:
        self.types = types
        self.missing = missing
        self.outliers = outliers
        self.duplicates = duplicates

    def fit(self, X: Any, y: Any = None) -> Standard:
        """Learn from `X`, shape (n_rows, n_columns), as :meth:`fit_resample` does."""
        self.fit_resample(X, y)
        return self

    def fit_resample(self, X: Any, y: Any = None) -> tuple[pd.DataFrame, Any]:
        """Fit the steps one after the other; give the rows that stay and their targets.

        Raises
        ------
        MlopsError
            No row would be left.
        """
        frame = as_frame(self, X, reset=True)
        rows = len(frame)
        chosen = (self.types, self.missing, self.outliers, self.duplicates)
        self.steps_ = [clone(step) for step in chosen if step is not None]
        self.touched_: dict[str, int] = {}
        for step in self.steps_:
            if hasattr(step, "fit_resample"):
                frame, y = step.fit_resample(frame, y)
            else:
                frame = step.fit_transform(frame, y)
            self.touched_ |= getattr(step, "touched_", {})
        self.rows_dropped_ = rows - len(frame)
        return frame, y

    def transform(self, X: Any) -> pd.DataFrame:
        """Mend `X` with what the steps learned; as many rows come out as went in."""
        check_is_fitted(self, "touched_")
        frame = as_frame(self, X, reset=False)
        for step in self.steps_:
            frame = step.transform(frame)
        return frame
