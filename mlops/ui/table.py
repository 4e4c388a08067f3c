"""A table as lines of styled pieces: aligned, and no wider than it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from mlops.ui.text import clean, clipped, number, wrapped

Line = list[tuple[str, str]]
GAP, TIGHT = "   ", "  "
NARROWEST = 12


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int,
    *,
    right: Iterable[int] | None = None,
    strong_row: int | None = None,
) -> list[Line]:
    """Lay out rows under a head.

    Parameters
    ----------
    head : sequence of str
    rows : sequence of sequences
        Numbers are written to four digits, None as ``–``.
    width : int
        Columns of the screen; the widest columns give way, and wrap.
    right : iterable of int or None
        Positions of the columns set to the right; None: those that hold only numbers.
    strong_row : int or None
        Position of a row to stress.

    Examples
    --------
    >>> for line in table(["name", "rows"], [["train", 404], ["test", 102]], 40):
    ...     print("".join(text for text, _ in line))
    name    rows
    train    404
    test     102
    """
    texts = [[number(cell) for cell in row] for row in rows]
    heads = [clean(each).replace("_", " ") for each in head]
    to_right = set(_numeric(rows) if right is None else right)
    widths = [max(len(row[at]) for row in [heads, *texts]) for at in range(len(heads))]
    gaps = len(heads) - 1
    gap = GAP if sum(widths) + len(GAP) * gaps <= width else TIGHT
    _narrow(widths, width - len(gap) * gaps)
    lines = [_line(heads, widths, to_right, "quiet", gap)]
    for position, row in enumerate(texts):
        style = "strong" if position == strong_row else ""
        if all(len(cell) <= widths[at] for at, cell in enumerate(row)):
            lines.append(_line(row, widths, to_right, style, gap))
            continue
        parts = [wrapped(cell, widths[at]) for at, cell in enumerate(row)]
        for cells in zip_longest(*parts, fillvalue=""):
            lines.append(_line(cells, widths, to_right, style, gap))
    return lines


def _numeric(rows: Sequence[Sequence[Any]]) -> list[int]:
    def is_number(cell: Any) -> bool:
        return cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool))

    count = max((len(row) for row in rows), default=0)
    return [at for at in range(count) if all(is_number(row[at]) for row in rows)]


def _narrow(widths: list[int], most: int) -> None:
    """Take from the widest column until all fit, or none is wider than it must be."""
    while sum(widths) > most and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _line(cells: Sequence[str], widths: list[int], right: set[int], style: str, gap: str) -> Line:
    placed = []
    for at, cell in enumerate(cells):
        text = clipped(cell, widths[at])
        placed.append(f"{text:>{widths[at]}}" if at in right else f"{text:<{widths[at]}}")
    return [(gap.join(placed).rstrip(), style)]
