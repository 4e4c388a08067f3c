"""Parallel coordinates: a column for each key, a line for each trial."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from mlops.core.report import Plot
from mlops.ui.text import clean, clipped, number

WIDE, HIGH, LEFT, TOP, BOTTOM = 460, 300, 52, 22, 38
MOST_LINES = 300


def parallel(plot: Plot) -> str:
    """The inside of the picture; lines that come last in a column are drawn last and darkest."""
    columns = list(plot.series.items())
    heights = [_heights([value for _, value in points]) for _, points in columns]
    if not columns or not heights[0][0]:
        return ""
    step = (WIDE - 2 * LEFT) / max(1, len(columns) - 1)
    xs = [LEFT + at * step for at in range(len(columns))]
    count = len(heights[0][0])
    lines = []
    for row in range(max(0, count - MOST_LINES), count):
        path = _path(xs, [places[row] for places, _ in heights])
        share = (row + 1) / count
        lines.append(
            f'<path class="line c0" style="opacity:{0.08 + 0.85 * share**3:.2f}" d="{path}"/>'
        )
    axes = [
        _axis(x, name, ends, step)
        for x, (name, _), (_, ends) in zip(xs, columns, heights, strict=True)
    ]
    return "".join(lines) + "".join(axes)


def _path(xs: list[float], ys: list[float | None]) -> str:
    """A line through what there is; a trial without a key skips its column."""
    points = [f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True) if y is not None]
    return "M" + "L".join(points)


def _heights(values: list[Any]) -> tuple[list[float | None], tuple[str, ...]]:
    """Where each value stands on its axis, and what is written at the axis, from the bottom up."""
    known = [each for each in values if each is not None]
    if known and all(
        isinstance(each, (int, float)) and not isinstance(each, bool) for each in known
    ):
        low, high = min(known), max(known)
        scale = math.log if low > 0 and high / low >= 100 else float
        bottom, top = scale(low), scale(high)
        places = [
            None if each is None else (scale(each) - bottom) / ((top - bottom) or 1)
            for each in values
        ]
        return [_y(each) for each in places], (number(low), number(high))
    names = sorted({str(each) for each in known})
    last = max(1, len(names) - 1)
    places = [None if each is None else names.index(str(each)) / last for each in values]
    return [_y(each) for each in places], tuple(names)


def _y(share: float | None) -> float | None:
    return None if share is None else HIGH - BOTTOM - share * (HIGH - TOP - BOTTOM)


def _axis(x: float, name: str, ends: tuple[str, ...], step: float) -> str:
    most = max(4, int(step / 7))
    last = max(1, len(ends) - 1)
    parts = [f'<path class="grid" d="M{x:.1f} {TOP}V{HIGH - BOTTOM}"/>']
    for at, text in enumerate(ends[:12]):
        y = (_y(at / last) or 0.0) + (14 if at == 0 else -4)
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}">{_text(text, most)}</text>')
    parts.append(f'<text class="axis" x="{x:.1f}" y="{HIGH - 3}">{_text(name, most)}</text>')
    return "".join(parts)


def _text(value: Any, most: int) -> str:
    return escape(clipped(clean(value), most))
