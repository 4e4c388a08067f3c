"""A tree as lines of styled pieces, no wider than it may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops.ui.table import Line
from mlops.ui.text import clean, clipped, wrapped

MOST = 12


def tree(nodes: Sequence[dict[str, Any]], width: int) -> list[Line]:
    """Lay out nodes, each with what is below it.

    Parameters
    ----------
    nodes : sequence of dict
        Each with ``kind``, ``label``, ``says`` and ``below``; after the first twelve of a branch
        only their number is told.
    width : int
        Columns of the screen.

    Examples
    --------
    >>> leaf = {"kind": "run", "label": "1a2b", "says": "ridge", "below": []}
    >>> for line in tree([{"kind": "rows", "label": "506", "says": "", "below": [leaf]}], 40):
    ...     print("".join(text for text, _ in line))
    rows 506
    └─ run 1a2b  ridge
    """
    lines: list[Line] = []
    for node in nodes[:MOST]:
        lines += _one(node, width, "", "")
    if len(nodes) > MOST:
        lines.append([(f"and {len(nodes) - MOST} more", "quiet")])
    return lines


def _one(node: dict[str, Any], width: int, before: str, branch: str) -> list[Line]:
    """A node and its branches; `before` stands left of the lines that follow its first."""
    kind, label = clean(node["kind"]), clean(node["label"])
    room = max(width - len(branch), 20)
    label = clipped(label, max(room - len(kind) - 1, 8))
    head = [(branch, "quiet"), (f"{kind} ", "quiet"), (label, "strong")]
    says = clean(node["says"])
    below, more = node["below"][:MOST], len(node["below"]) - MOST
    bar = "│  " if below else "   "
    lines: list[Line] = [head]
    if says and len(kind) + len(label) + len(says) + 3 <= room:
        lines = [[*head, (f"  {says}", "")]]
    elif says:
        indent = f"{before}{bar}"
        lines += [[(indent, "quiet"), (each, "")] for each in wrapped(says, width - len(indent))]
    for at, each in enumerate(below):
        is_last = at == len(below) - 1 and more <= 0
        mark, left = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        lines += _one(each, width, before + left, before + mark)
    if more > 0:
        lines.append([(f"{before}└─ and {more} more", "quiet")])
    return lines
