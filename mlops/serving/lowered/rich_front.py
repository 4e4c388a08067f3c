"""A front of many features: products of the simpler one's, and means by category."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlops.core.values import word
from mlops.serving.lowered.front import Front, Number
from mlops.serving.nouns import Row

Term = tuple[int, ...]


@dataclass(frozen=True)
class Means:
    """What becomes of a text of many.

    Parameters
    ----------
    position : int
        In the row.
    table : dict of str or None to tuple of float
        A text that was seen, and None for a gap, to its features.
    unseen : tuple of float
        Those of any other text.
    """

    position: int
    table: dict[str | None, tuple[float, ...]]
    unseen: tuple[float, ...]

    def of(self, row: Row) -> tuple[float, ...]:
        """The features of a row."""
        value: Any = row[self.position]
        found = self.table.get(value)
        return self.table.get(word(value), self.unseen) if found is None else found


@dataclass(frozen=True)
class RichFront:
    """Turns a row into features: products first, then means.

    Parameters
    ----------
    base : Front
    terms : tuple of tuple of int
        For each feature which of the base's it is the product of, the first one multiplied last;
        one of a single factor is that feature itself.
    means : tuple of Means
    kept : tuple of int
        Of all that the means give, one after the other, what stays.
    has_gaps : bool
        Whether a feature may be missing.

    Examples
    --------
    >>> base = Front((Number(0), Number(1)), (), True, 2)
    >>> city = Means(2, {"Bern": (7.0,), None: (5.0,)}, (6.0,))
    >>> front = RichFront(base, ((0,), (0, 1)), (city,), (0,))
    >>> front.dense((2.0, 3.0, " Bern")), front.dense((2.0, 3.0, "Rome"))
    ([2.0, 6.0, 7.0], [2.0, 6.0, 6.0])
    """

    base: Front
    terms: tuple[Term, ...]
    means: tuple[Means, ...]
    kept: tuple[int, ...]
    has_gaps: bool = False
    _factors: list[tuple[int, Term]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the factors in the order in which they are multiplied."""
        factors = [(term[-1], term[-2::-1]) for term in self.terms]
        object.__setattr__(self, "_factors", factors)

    @property
    def width(self) -> int:
        """Features there are."""
        return len(self.terms) + len(self.kept)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What becomes of numbers before they are multiplied."""
        return self.base.numbers

    @property
    def is_product(self) -> bool:
        """How they are scaled."""
        return self.base.is_product

    def place(self, number: int) -> int:
        """The feature that is one of the numbers alone; -1 where none is."""
        return self.terms.index((number,)) if (number,) in self.terms else -1

    def dense(self, row: Row) -> list[float]:
        """All features, in order."""
        base, found = self.base.dense(row), []
        for last, others in self._factors:
            product = base[last]
            for at in others:
                product *= base[at]
            found.append(product)
        if self.means:
            means = [mean for each in self.means for mean in each.of(row)]
            found += [means[at] for at in self.kept]
        return found

    def sparse(self, row: Row) -> tuple[list[float], list[int]]:
        """The same, for a model that is told apart which features are 1."""
        return self.dense(row), []
