"""The shape of one cleaning step: learn, choose rows while fitting, mend values always."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from mlops.core.errors import fail
from mlops.core.frames import as_frame

Counts = dict[str, int]


class Step(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Keeps every row and every value; real steps override the three hooks below.

    Attributes
    ----------
    touched_ : dict of str to int
        ``"column: what was done"`` to the number of cells, or of rows.
    rows_dropped_ : int
        Rows that :meth:`fit_resample` left out; 0 after :meth:`fit`.
    """

    gentler: ClassVar[str] = "write cleaner=keep_all"  # to a person whose rows would all go

    def _learn(self, frame: pd.DataFrame) -> None:
        """Set the learned attributes from the training rows."""

    def _kept(self, frame: pd.DataFrame, y: Any) -> tuple[np.ndarray, Counts]:
        """Tell which training rows stay, shape (n_rows,), and why the others go."""
        return np.ones(len(frame), dtype=bool), {}

    def _mended(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
        """Give the frame with its values mended, and what was done to how many."""
        return frame, {}

    def fit(self, X: Any, y: Any = None) -> Step:
        """Learn from `X`, shape (n_rows, n_columns); no row is dropped."""
        frame = as_frame(self, X, reset=True)
        self._learn(frame)
        self.touched_ = self._mended(frame)[1]
        self.rows_dropped_ = 0
        return self

    def fit_resample(self, X: Any, y: Any = None) -> tuple[pd.DataFrame, Any]:
        """Learn from `X`, and give the rows that stay, mended, with their targets.

        Returns
        -------
        X : DataFrame, shape (n_kept, n_columns)
            With a fresh RangeIndex.
        y : as given, shape (n_kept,)

        Raises
        ------
        MlopsError
            No row would be left.
        """
        frame = as_frame(self, X, reset=True)
        if y is not None:
            check_consistent_length(frame, y)
        self._learn(frame)
        kept, dropped = self._kept(frame, y)
        if not kept.any():
            raise self._nothing_left(len(frame), dropped)
        mended, changed = self._mended(frame[kept].reset_index(drop=True))
        self.touched_ = {**dropped, **changed}
        self.rows_dropped_ = int((~kept).sum())
        return mended, _rows(y, kept)

    def transform(self, X: Any) -> pd.DataFrame:
        """Mend `X` with what was learned; as many rows come out as went in."""
        check_is_fitted(self, "touched_")
        return self._mended(as_frame(self, X, reset=False))[0]

    def _nothing_left(self, rows: int, dropped: Counts) -> Exception:
        return fail(
            "every-row-dropped",
            "The cleaner would drop every row.",
            where=f"cleaner, {type(self).__name__}",
            found=f"{rows} rows, all to be dropped: {', '.join(dropped)}",
            accepted="a cleaner that leaves at least one row",
            next_step=self.gentler,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []  # a frame has no one dtype; numbers are float64
        return tags


def _rows(y: Any, kept: np.ndarray) -> Any:
    """Give the part of `y` that stays; a Series or a frame gets a fresh RangeIndex."""
    if y is None:
        return None
    if isinstance(y, pd.Series | pd.DataFrame):
        return y[kept].reset_index(drop=True)
    return np.asarray(y)[kept]
