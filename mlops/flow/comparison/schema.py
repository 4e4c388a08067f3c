"""What differs between the columns of two data sets."""

from __future__ import annotations

from typing import Any

from mlops.core.dataset import Column, Dataset
from mlops.core.frames import kind

EXPECTED = {"numeric": "numeric", "category": "categorical", "date": "date"}  # kind to role


def schema_difference(a: Dataset, b: Dataset) -> list[dict[str, Any]]:
    """Columns that came, went, or changed their kind, role or sensitivity."""
    columns_a, columns_b = ({each.name: each for each in data.columns} for data in (a, b))
    rows = []
    for name in dict.fromkeys([*columns_a, *columns_b]):
        before, after = _stands(a, columns_a.get(name)), _stands(b, columns_b.get(name))
        if before == after:
            continue
        change = "added" if not before else "removed" if not after else _changed(before, after)
        told = {"a": _in_words(before), "b": _in_words(after)}
        rows.append({"column": name, "change": change, **told})
    return rows


def _stands(data: Dataset, column: Column | None) -> tuple[str, ...]:
    """Kind; role, where it is not what the kind lets expect; sensitive."""
    if column is None:
        return ()
    found = kind(data.frame[column.name])
    role = "" if EXPECTED.get(found) == column.role else column.role
    return found, role, "sensitive" if column.sensitive else ""


def _in_words(stands: tuple[str, ...]) -> str | None:
    return ", ".join(filter(None, stands)) or None


def _changed(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    names = ("retyped", "other role", "other sensitivity")
    return ", ".join(name for name, x, y in zip(names, before, after, strict=True) if x != y)


def same_kind(a: Dataset, b: Dataset) -> dict[str, str]:
    """The columns that both have and that hold the same kind of values, with that kind."""
    names = [name for name in a.frame.columns if name in b.frame.columns]
    kinds = {name: (kind(a.frame[name]), kind(b.frame[name])) for name in names}
    return {str(name): of_a for name, (of_a, of_b) in kinds.items() if of_a == of_b}
