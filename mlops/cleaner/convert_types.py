"""Every column gets one type; text that holds numbers or dates can become such."""

from __future__ import annotations

import pandas as pd

from mlops.cleaner.step import Counts, Step
from mlops.core.frames import as_kind, kind


class ConvertTypes(Step):
    """Give every column one type, and the same one when predicting.

    Numbers and booleans come out as float64, dates as datetime64, everything else as text.
    A column that is declared a category (pandas ``category``) stays one, whatever it holds.

    Parameters
    ----------
    readable_share : float in (0, 1] or None
        A text column becomes numeric, or a date (ISO 8601), if at least this share of its known
        values can be read so; the others become missing. None: text stays text, so that codes
        written in digits stay categories.

    Attributes
    ----------
    kinds_ : dict of str to str
        Column to ``numeric``, ``boolean``, ``date`` or ``category``.

    Examples
    --------
    >>> frame = pd.DataFrame({"size": ["1", "2.5", " 3"], "colour": ["red", "3", "blue"]})
    >>> step = ConvertTypes(readable_share=0.95).fit(frame)
    >>> step.kinds_
    {'size': 'numeric', 'colour': 'category'}
    """

    def __init__(self, *, readable_share: float | None = None) -> None:
        self.readable_share = readable_share

    def _learn(self, frame: pd.DataFrame) -> None:
        self.kinds_ = {name: self._kind(frame[name]) for name in frame}

    def _kind(self, column: pd.Series) -> str:
        found = kind(column)
        declared = isinstance(column.dtype, pd.CategoricalDtype)
        if found != "category" or declared or self.readable_share is None:
            return found
        values = column.dropna()
        for wanted in ("numeric", "date"):
            if _read(values, wanted).notna().mean() >= self.readable_share:
                return wanted
        return found

    def _mended(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
        mended: dict[str, pd.Series] = {}
        counts: Counts = {}
        for name, wanted in self.kinds_.items():
            column, found = frame[name], kind(frame[name])
            mended[name] = _read(column, wanted) if found == "category" else as_kind(column, wanted)
            if found == "category" != wanted:
                read = int(mended[name].notna().sum())
                lost = int(column.notna().sum()) - read
                counts |= {f"{name}: text read as {wanted}": read} if read else {}
                counts |= {f"{name}: text that is no {wanted} made missing": lost} if lost else {}
        return pd.DataFrame(mended, index=frame.index), counts


def _read(column: pd.Series, wanted: str) -> pd.Series:
    """Read text; a year alone is a number, and only ISO 8601 is a date."""
    if wanted != "date":
        return as_kind(column, wanted)
    dates = pd.to_datetime(column.astype("str"), errors="coerce", utc=True, format="ISO8601")
    return dates.dt.tz_localize(None)
