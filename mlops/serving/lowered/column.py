"""What the steps before the features make of one column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import Any

from mlops.serving.lowered.front import Number


@dataclass
class Column:
    """One column, as far as it was read.

    Parameters
    ----------
    kind : str
        ``number``, ``words`` or ``date``.
    number : Number
        Unscaled.
    fill : str or None
        What fills a gap among words.
    """

    kind: str
    number: Number
    fill: str | None = None


Columns = dict[str, Column]


def filled(number: Number, fill: float) -> Number:
    """`number` with its gaps filled.

    Examples
    --------
    >>> from math import nan
    >>> filled(Number(0, low=1.0, below=nan), 7.0)
    Number(position=0, missing=7.0, low=1.0, below=7.0, high=inf, above=0.0, shift=0.0, scale=1.0)
    """
    constants = {key: getattr(number, key) for key in ("missing", "below", "above")}
    gaps: dict[str, Any] = {key: fill for key, each in constants.items() if isnan(each)}
    return replace(number, **gaps)
