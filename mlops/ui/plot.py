"""Draws a :class:`~mlops.core.report.Plot` as inline SVG; the page's style gives the colours."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from mlops.core.report import Plot
from mlops.ui.dates import date_text, date_ticks
from mlops.ui.parallel import parallel
from mlops.ui.text import clean, clipped, number

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 10, 46
PLACE_X, PLACE_Y = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
COLOURS, MOST_BAR = 6, 34
LIGHT = (
    "svg { background: #fff; font-family: sans-serif; --ink: #1c2530; --quiet: #5c6875; "
    "--line: #e1e5ea; --c0: #2b6cb0; --c1: #d9772b; --c2: #2f9268; --c3: #a3488f; "
    "--c4: #8a6d3b; --c5: #5a5fc4; --deep: #fff; }\n"
)
Point = tuple[float, float]


def figure(plot: Plot) -> str:
    """One ``<figure>``: title, legend, picture. Everything in it is escaped.

    A series of two points in a scatter or line plot is a reference and drawn as a dashed line; in
    dots it is two points.

    Parameters
    ----------
    plot : Plot

    Returns
    -------
    str
        HTML without a script, a style of its own or an address.
    """
    label = _text(plot.title, 80)
    return (
        f"<figure><figcaption>{label}{_legend(plot)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {_height(plot)}" role="img" aria-label="{label}">'
        f"{_drawn(plot)}</svg>"
        "</figure>"
    )


def svg(plot: Plot) -> str:
    """The picture as a file of its own, in the light colours of the page.

    Parameters
    ----------
    plot : Plot
    """
    style = LIGHT + Path(__file__).with_name("plot.css").read_text(encoding="utf-8")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 20}">'
        f"<style>{style}</style><title>{_text(plot.title, 80)}</title>"
        f'<g transform="translate(0 20)">{_drawn(plot)}</g>'
        f'<text class="in" x="{WIDTH / 2}" y="15">{_text(plot.title, 80)}</text></svg>\n'
    )


def _height(plot: Plot) -> int:
    """Few bars need less room."""
    count = sum(map(len, plot.series.values()))
    return min(HEIGHT, 2 * TOP + MOST_BAR * max(1, count)) if plot.kind == "bar" else HEIGHT


def _drawn(plot: Plot) -> str:
    draw = {"matrix": _matrix, "bar": _bars, "parallel": parallel}
    return draw.get(plot.kind, _plane)(plot)


def _legend(plot: Plot) -> str:
    if plot.kind in ("matrix", "bar", "parallel") or len(plot.series) < 2:
        return ""
    keys = [
        f'<span class="c{at % COLOURS}{" ref" if _is_reference(plot, points) else ""}">'
        f"{_text(name, 30)}</span>"
        for name, at, points in _numbered(plot)
    ]
    return f'<span class="legend">{"".join(keys)}</span>'


def _text(value: Any, most: int) -> str:
    return escape(clipped(clean(value), most))


def _is_reference(plot: Plot, points: list[Any]) -> bool:
    return len(points) == 2 and plot.kind in ("scatter", "line")


def _numbered(plot: Plot) -> Iterable[tuple[str, int, list[Any]]]:
    """Series with the number of their colour; a reference takes none."""
    colour = 0
    for name, points in plot.series.items():
        yield name, colour, points
        colour += not _is_reference(plot, points)


def _finite(points: list[Any]) -> list[Point]:
    return [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _plane(plot: Plot) -> str:
    """Scatter, line, dots and histogram: two number axes."""
    bounds = [_bounds(points) if plot.kind == "dots" else [] for points in plot.series.values()]
    series = [(_finite(_values(plot, points)), at) for _, at, points in _numbered(plot)]
    every = [point for points, _ in series for point in points]
    if not every:
        return _place("no values", WIDTH / 2, HEIGHT / 2)
    half = _half_width(series) if plot.kind == "histogram" else 0.0
    xs = [x + side for x, _ in every for side in (-half, half)]
    ys = [y for _, y in every] + ([0.0] if plot.kind == "histogram" else [])
    ys += [y for pairs in bounds for pair in pairs for _, y in pair]
    if plot.x_axis == "whole" and max(xs) - min(xs) < 1:
        xs += [min(xs) - 1, max(xs) + 1]
    if plot.x_axis == "date":  # amounts over time begin at nothing
        ys.append(0.0)
    x_ticks = (date_ticks if plot.x_axis == "date" else ticks)(min(xs), max(xs))
    y_ticks = ticks(min(ys), max(ys))
    x_low, x_high = min(x_ticks[0], min(xs)), max(x_ticks[-1], max(xs))
    y_low, y_high = min(y_ticks[0], min(ys)), max(y_ticks[-1], max(ys))

    def at(point: Point) -> Point:
        x = LEFT + (point[0] - x_low) / (x_high - x_low) * PLACE_X
        y = TOP + PLACE_Y - (point[1] - y_low) / (y_high - y_low) * PLACE_Y
        return x, y

    parts = [_grid(plot, [(tick, at((tick, y_low))[0]) for tick in x_ticks],
                   [(tick, at((x_low, tick))[1]) for tick in y_ticks])]  # fmt: skip
    for (points, colour), pairs in zip(series, bounds, strict=True):
        if plot.kind == "histogram":
            solid = " solid" if plot.x_axis == "date" else ""  # a part in front of the whole
            parts.append(_columns(points, half, f"c{colour % COLOURS}{solid}", at))
            continue
        parts.append(_whiskers([(at(low), at(high)) for low, high in pairs], colour))
        parts.append(_marks([at(point) for point in points], colour, plot))
    return "".join(parts)


def _values(plot: Plot, points: list[Any]) -> list[Any]:
    return [(x, y[0]) for x, y in points] if plot.kind == "dots" else points


def _bounds(points: list[Any]) -> list[tuple[Point, Point]]:
    """The ends of the intervals that are known."""
    known = [(x, y[1:]) for x, y in points if None not in y[1:]]
    return [((x, low), (x, high)) for x, (low, high) in known if math.isfinite(low + high)]


def _whiskers(pairs: list[tuple[Point, Point]], colour: int) -> str:
    if not pairs:
        return ""
    way = "".join(f"M{x:.1f} {y1:.1f}V{y2:.1f}" for (x, y1), (_, y2) in pairs)
    return f'<path class="whiskers c{colour % COLOURS}" d="{way}"/>'


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`.

    >>> ticks(0.03, 0.97)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda each: abs(each - rough))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{each * step:.12g}") for each in range(first, last + 1)]


def _grid(plot: Plot, x_ticks: list[Point], y_ticks: list[Point]) -> str:
    bottom = TOP + PLACE_Y
    lines = [f"M{x:.1f} {TOP}V{bottom}" for _, x in x_ticks]
    lines += [f"M{LEFT} {y:.1f}H{LEFT + PLACE_X}" for _, y in y_ticks]
    step = x_ticks[1][0] - x_ticks[0][0]
    texts = [_below(_x_text(plot, tick, step), x, bottom + 15) for tick, x in x_ticks]
    texts += [_place(_short(tick), LEFT - 6, y + 4, "end") for tick, y in y_ticks]
    return f'<path class="grid" d="{"".join(lines)}"/>{"".join(texts)}{_axes(plot)}'


def _axes(plot: Plot) -> str:
    middle = TOP + PLACE_Y / 2
    return (
        f'<text class="axis" x="{LEFT + PLACE_X / 2}" y="{HEIGHT - 8}">{_text(plot.x_label, 60)}'
        f'</text><text class="axis" transform="translate(13 {middle}) rotate(-90)">'
        f"{_text(plot.y_label, 38)}</text>"
    )


def _short(tick: float) -> str:
    return f"{tick:,.0f}" if 1000 <= abs(tick) < 1e6 else f"{tick:.4g}".replace("-", "−")


def _x_text(plot: Plot, tick: float, step: float) -> str:
    if plot.x_axis == "date":
        return date_text(tick, step)
    return _short(tick) if plot.x_axis == "number" or tick == int(tick) else ""


def _below(text: str, x: float, y: float) -> str:
    """A text in the middle of `x`, or as near as it fits."""
    return _place(text, min(x, WIDTH - 3.3 * len(text)), y)


def _place(text: str, x: float, y: float, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _marks(points: list[Point], colour: int, plot: Plot) -> str:
    if _is_reference(plot, points):
        (x1, y1), (x2, y2) = points
        return f'<path class="ref" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)  # round line ends: a dot each
    if plot.kind != "line" and (plot.kind != "history" or colour):
        few = " few" if max(map(len, plot.series.values())) <= 40 else ""
        return f'<path class="dots{few} c{colour % COLOURS}" d="{dots}"/>'
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    line = f'<path class="line c{colour % COLOURS}" d="M{path}"/>'
    return line + (
        f'<path class="dots c{colour % COLOURS}" d="{dots}"/>'
        if len(points) < 25 and plot.kind == "line"
        else ""
    )


def _half_width(series: list[tuple[list[Point], int]]) -> float:
    """Half the distance between the middles of a histogram's bins."""
    xs = sorted({x for points, _ in series for x, _ in points})
    gaps = [b - a for a, b in pairwise(xs) if b > a]
    return min(gaps) / 2 if gaps else 0.5


def _columns(points: list[Point], half: float, look: str, at: Any) -> str:
    bars = []
    for x, y in points:
        (left, top), (right, bottom) = at((x - half, y)), at((x + half, 0.0))
        if y:
            size = f'width="{max(0.5, right - left - 1):.1f}" height="{bottom - top:.1f}"'
            title = f"<title>{number(x)}: {number(y)}</title>"
            bars.append(f'<rect x="{left + 0.5:.1f}" y="{top:.1f}" {size}>{title}</rect>')
    return f'<g class="bars {look}">{"".join(bars)}</g>'


def _bars(plot: Plot) -> str:
    """Named values: horizontal bars, the first twelve."""
    pairs = [pair for points in plot.series.values() for pair in points if math.isfinite(pair[1])][
        :12
    ]
    largest = max((abs(value) for _, value in pairs), default=0) or 1
    step, start = (_height(plot) - 2 * TOP) / max(1, len(pairs)), 150
    parts = []
    for at, (name, value) in enumerate(pairs):
        y, wide = TOP + at * step, abs(value) / largest * (WIDTH - start - 70)
        size = f'width="{wide:.1f}" height="{step * 0.7:.1f}"'
        parts.append(f'<rect x="{start}" y="{y + step * 0.15:.1f}" {size}/>')
        parts.append(_place(_text(name, 22), start - 6, y + step / 2 + 4, "end"))
        parts.append(_place(number(value), start + wide + 5, y + step / 2 + 4, "start"))
    return f'<g class="bars c0">{"".join(parts)}</g>'


def _matrix(plot: Plot) -> str:
    """A table of counts; the deeper the colour, the larger the share of the row."""
    names = list(plot.series)
    left, size = 110, len(names) or 1
    wide, high = (WIDTH - left - RIGHT) / size, PLACE_Y / size
    parts = [_axes(plot)]
    for row, (name, cells) in enumerate(plot.series.items()):
        y, total = TOP + row * high, sum(value for _, value in cells) or 1
        parts.append(_place(_text(name, 13), left - 6, y + high / 2 + 4, "end"))
        for column, (other, value) in enumerate(cells):
            x, share = left + column * wide, value / total
            title = f"<title>{_text(name, 40)} → {_text(other, 40)}: {number(value)}</title>"
            parts.append(
                f'<rect class="cell" x="{x:.1f}" y="{y:.1f}" width="{wide - 1:.1f}" '
                f'height="{high - 1:.1f}" fill-opacity="{0.06 + 0.84 * share:.2f}">{title}</rect>'
            )
            style = "deep" if share > 0.55 else "in"
            middle = f'x="{x + wide / 2:.1f}" y="{y + high / 2 + 4:.1f}"'
            parts.append(f'<text class="{style}" {middle}>{number(value)}</text>')
    for column, name in enumerate(names):
        most = max(3, int(wide / 7))
        parts.append(_place(_text(name, most), left + (column + 0.5) * wide, TOP + PLACE_Y + 15))
    return "".join(parts)
