"""Draws a tree as boxes in columns, from left to right, as inline SVG in the colours of a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from mlops.ui.text import clean, clipped

BOX, HIGH, GAP, ROW, TOP = 200, 52, 22, 64, 26
LETTERS = 27
MOST_LEAVES = 60


def graph(tree: Sequence[dict[str, Any]]) -> str:
    """Draw `tree`.

    Parameters
    ----------
    tree : sequence of dict
        Each with ``kind``, ``label``, ``says`` and ``below``; a column for each level, headed by
        the kind.

    Returns
    -------
    str
        SVG, every text in it escaped; the whole of a text that was cut is its title.
    """
    drawing = _Drawing()
    for node in tree:
        drawing.place(node, 0)
    width = max(5, len(drawing.heads)) * (BOX + GAP) - GAP
    heads = "".join(
        f'<text class="axis" x="{level * (BOX + GAP) + 2}" y="14" text-anchor="start">'
        f"{_text(kind, LETTERS)}</text>"
        for level, kind in enumerate(drawing.heads)
    )
    left_out = (
        f'<text x="2" y="{TOP + drawing.leaves * ROW + 14}" text-anchor="start">'
        f"and {drawing.left_out} more, which the command tells</text>"
        if drawing.left_out
        else ""
    )
    height = TOP + drawing.leaves * ROW + (20 if left_out else 0)
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="lineage">{heads}'
        f"{''.join(drawing.edges)}{''.join(drawing.boxes)}{left_out}</svg>"
    )


class _Drawing:
    """Boxes and the lines between them; a leaf takes a row, what is above it stands in the middle.

    Attributes
    ----------
    leaves, left_out : int
        Rows taken; leaves that found no place.
    """

    def __init__(self) -> None:
        self.boxes: list[str] = []
        self.edges: list[str] = []
        self.heads: list[str] = []
        self.leaves = self.left_out = 0

    def place(self, node: dict[str, Any], level: int) -> float | None:
        """Draw `node` and what is below it; give the height of its middle, None if left out."""
        if self.leaves >= MOST_LEAVES:
            self.left_out += 1
            return None
        if level == len(self.heads):
            self.heads.append(str(node["kind"]))
        placed = [self.place(each, level + 1) for each in node["below"]]
        below = [each for each in placed if each is not None]
        if below:
            middle = (below[0] + below[-1]) / 2
        else:
            middle = TOP + self.leaves * ROW + HIGH / 2
            self.leaves += 1
        x = level * (BOX + GAP)
        self.edges += [_edge(x + BOX, middle, each) for each in below]
        self.boxes.append(_box(node, x, middle - HIGH / 2, level))
        return middle


def _edge(x: float, y: float, to: float) -> str:
    half = GAP / 2
    return (
        f'<path class="grid" style="stroke-width: 2" d="M{x:.1f} {y:.1f}'
        f'C{x + half:.1f} {y:.1f} {x + half:.1f} {to:.1f} {x + GAP:.1f} {to:.1f}"/>'
    )


def _box(node: dict[str, Any], x: float, y: float, level: int) -> str:
    """A box with its label and, below, as much as fits of what it says."""
    whole = f"{node['kind']} {node['label']}: {node['says']}" if node["says"] else node["label"]
    first, second = _two_lines(str(node["says"]))
    lines = "".join(
        f'<text x="{x + 14:.1f}" y="{y + at:.1f}" text-anchor="start">{text}</text>'
        for at, text in ((31, first), (44, second))
        if text
    )
    return (
        f"<g><title>{_text(whole, 400)}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX}" height="{HIGH}" rx="7" '
        'style="fill: var(--page); stroke: var(--line)"/>'
        f'<path class="line c{level % 6}" style="stroke-width: 4; stroke-linecap: round" '
        f'd="M{x + 5:.1f} {y + 8:.1f}V{y + HIGH - 8:.1f}"/>'
        f'<text class="in" x="{x + 14:.1f}" y="{y + 17:.1f}" text-anchor="start">'
        f"{_text(node['label'], LETTERS - 3)}</text>{lines}</g>"
    )


def _two_lines(says: str) -> tuple[str, str]:
    """What fits into two short lines, broken between words."""
    words, first = clean(says).split(" "), ""
    while words and len(first) + len(words[0]) < LETTERS:
        first = f"{first} {words.pop(0)}".strip()
    return escape(first), escape(clipped(" ".join(words), LETTERS))


def _text(value: Any, most: int) -> str:
    return escape(clipped(clean(value), most))
