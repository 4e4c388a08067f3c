"""Reads fitted rich features into a :class:`RichFront`."""

from __future__ import annotations

from typing import Any

from mlops.core.values import word
from mlops.serving.lowered.column import Column, Columns
from mlops.serving.lowered.from_features import NOBODY, UNKNOWN, features
from mlops.serving.lowered.front import Front
from mlops.serving.lowered.rich_front import Means, RichFront, Term
from mlops.serving.lowered.unknown import NotLowered

INFINITE = 2  # factors whose product may be infinite, which one more may make no number


def rich(step: Any, columns: Columns) -> RichFront:
    """The fitted features `step` behind cleaned `columns`, as one pass over a row.

    Raises
    ------
    NotLowered
        What it learned is not known here.
    """
    few = {name: column for name, column in columns.items() if name not in step.many_}
    base = Front((), (), True, 0) if step.base_ is None else features(step.base_, few)
    terms = _terms(step, base)
    means = _means(step, columns)
    kept = step.kept_.tolist()
    return RichFront(
        base=base,
        terms=tuple(terms[at] for at in kept if at < len(terms)),
        means=means,
        kept=tuple(at - len(terms) for at in kept if at >= len(terms)),
        has_gaps=base.has_gaps or max(map(len, terms), default=0) > INFINITE,
    )


def _terms(step: Any, base: Front) -> list[Term]:
    """Of each feature that is no mean its factors, before the best were chosen."""
    numbers = len(base.numbers)
    found = [(at,) for at in range(numbers)] if step.products_ is None else _products(step)
    return [*found, *((at,) for at in range(numbers, base.width))]


def _products(step: Any) -> list[Term]:
    powers = step.products_.powers_.tolist()
    return [tuple(at for at, power in enumerate(row) for _ in range(power)) for row in powers]


def _means(step: Any, columns: Columns) -> tuple[Means, ...]:
    """The columns of many texts; the encoder itself is asked."""
    if step.means_ is None:
        return ()
    return tuple(_of(step, at, columns[name]) for at, name in enumerate(step.many_))


def _of(step: Any, at: int, column: Column) -> Means:
    import numpy as np

    seen = [str(each) for each in step.means_.categories_[at]]
    if column.kind != "words" or any(word(each) != each for each in seen):
        raise NotLowered(step, "a category in another spelling")
    asked = np.full((len(seen) + 1, len(step.many_)), NOBODY, dtype=object)
    asked[:-1, at] = seen
    said = np.split(step.means_.transform(asked), len(step.many_), axis=1)[at]
    *known, unseen = map(tuple, said.tolist())
    table: dict[str | None, tuple[float, ...]] = dict(zip(seen, known, strict=True))
    table[None] = table.get(UNKNOWN if column.fill is None else column.fill, unseen)
    return Means(column.number.position, table, unseen)
