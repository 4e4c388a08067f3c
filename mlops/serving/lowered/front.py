"""Columns, cleaner and features as one pass over a row."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from math import inf, isnan, nan

from mlops.core.values import word
from mlops.serving.nouns import Row

NO_FEATURE = -1  # of a category that has no column of its own
_NEW = -2  # not in the table as it is spelled


@dataclass(frozen=True)
class Number:
    """What becomes of a number: one of three constants, or itself, scaled.

    Parameters
    ----------
    position : int
        In the row.
    missing : float
        What a gap becomes; NaN where it stays one.
    low, below, high, above : float
        A value less than `low` becomes `below`, one more than `high` becomes `above`.
    shift, scale : float
        ``(x - shift) / scale`` is what any other value x becomes.
    """

    position: int
    missing: float = nan
    low: float = -inf
    below: float = 0.0
    high: float = inf
    above: float = 0.0
    shift: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Category:
    """What becomes of a text.

    Parameters
    ----------
    position : int
        In the row.
    table : dict of str or None to (int or float)
        A text that was seen, and None for a gap, to the feature that is 1, or to its code.
    unseen : int or float
        What any other text becomes.
    """

    position: int
    table: dict[str | None, float]
    unseen: float


@dataclass(frozen=True)
class Front:
    """Turns a row into features: numbers first, then categories, one-hot or as codes.

    Parameters
    ----------
    numbers : tuple of Number
    categories : tuple of Category
    is_one_hot : bool
    width : int
        Features there are.
    is_product : bool
        Numbers are scaled by ``x * scale + shift``, and kept within `floor` and `ceiling`.
    floor, ceiling : float

    Examples
    --------
    >>> colour = Category(1, {"blue": 1, "red": 2, None: -1}, -1)
    >>> front = Front((Number(0, missing=0.5),), (colour,), True, 3)
    >>> front.dense((None, "red")), front.sparse((2.0, " blue"))
    ([0.5, 0.0, 1.0], ([2.0], [1]))
    """

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    is_one_hot: bool
    width: int
    is_product: bool = False
    floor: float = -inf
    ceiling: float = inf
    _numbers: list[tuple] = field(init=False, repr=False, compare=False)
    _words: list[tuple] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out what a row needs in plain tuples, which are read fastest."""
        plan = [astuple(each) for each in self.numbers]
        words = [(each.position, each.table.get, each.unseen) for each in self.categories]
        object.__setattr__(self, "_numbers", plan)
        object.__setattr__(self, "_words", words)

    @property
    def has_gaps(self) -> bool:
        """Whether a feature may be missing."""
        return any(
            isnan(each.missing)
            or (isnan(each.below) and each.low > -inf)
            or (isnan(each.above) and each.high < inf)
            for each in self.numbers
        )

    def place(self, number: int) -> int:
        """The feature that is one of the numbers."""
        return number

    def sparse(self, row: Row) -> tuple[list[float], list[int]]:
        """The numbers (and codes), and which of the other features are 1."""
        found = self._scaled(row)
        if self.is_one_hot:
            coded = self._coded(row)
            return found, [each for each in coded if each >= 0]
        found.extend(self._coded(row))
        return found, []

    def dense(self, row: Row) -> list[float]:
        """All features, in order."""
        found, ones = self.sparse(row)
        found.extend([0.0] * (self.width - len(found)))
        for each in ones:
            found[each] = 1.0
        return found

    def _scaled(self, row: Row) -> list[float]:
        found, is_product, floor, ceiling = [], self.is_product, self.floor, self.ceiling
        for position, missing, low, below, high, above, shift, scale in self._numbers:
            x = row[position]
            if x is None:
                found.append(missing)
            elif x < low:
                found.append(below)
            elif x > high:
                found.append(above)
            elif is_product:
                found.append(min(max(x * scale + shift, floor), ceiling))
            else:
                found.append((x - shift) / scale)
        return found

    def _coded(self, row: Row) -> list[int]:
        found = []
        for position, get, unseen in self._words:
            code = get(row[position], _NEW)
            found.append(get(word(row[position]), unseen) if code == _NEW else code)
        return found
