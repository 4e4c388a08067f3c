"""Draws differences with their intervals around a line of no difference, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from mlops.ui.text import clean, clipped

NAME, MIDDLE, HALF, STEP, TOP = 150, 400, 210, 26, 30
WIDTH = MIDDLE + HALF + 30
TONES = {"b": "var(--good)", "a": "var(--bad)", "": "var(--quiet)"}


def forest(metrics: Sequence[dict[str, Any]]) -> str:
    """Draw one row a metric, each on its own scale; to the right b is better.

    Parameters
    ----------
    metrics : sequence of dict
        ``name``, ``change``, ``low``, ``high`` (None: no interval), ``better``,
        ``greater_is_better``.

    Returns
    -------
    str
        SVG in the colours of the page, every text in it escaped.
    """
    height = TOP + STEP * len(metrics) + 6
    rows = [_row(metric, TOP + STEP * at + STEP / 2) for at, metric in enumerate(metrics)]
    head = (
        f'<text x="{MIDDLE - 12}" y="16" text-anchor="end">← a is better</text>'
        f'<text x="{MIDDLE + 12}" y="16" text-anchor="start">b is better →</text>'
        f'<path class="ref" d="M{MIDDLE} {TOP - 4}V{height - 4}"/>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" style="max-width: 720px" role="img" '
        f'aria-label="changes with their intervals">{head}{"".join(rows)}</svg>'
    )


def _row(metric: dict[str, Any], y: float) -> str:
    sign = 1 if metric["greater_is_better"] else -1
    tone = TONES[metric["better"]]
    name = escape(clipped(clean(metric["name"]), 24))
    parts = [
        f'<text class="in" x="{NAME - 10}" y="{y + 4:.1f}" text-anchor="end">{name}</text>',
        f'<path class="grid" d="M{MIDDLE - HALF} {y:.1f}H{MIDDLE + HALF}"/>',
    ]
    ends = [value for value in (metric["low"], metric["high"]) if value is not None]
    scale = max((abs(value) for value in (metric["change"], *ends)), default=0.0)
    if not math.isfinite(scale):
        return "".join(parts)

    def at(value: float) -> float:
        return MIDDLE + sign * value / (scale or 1.0) * HALF * 0.92

    if len(ends) == 2:
        parts.append(
            f'<path d="M{at(ends[0]):.1f} {y:.1f}H{at(ends[1]):.1f}" '
            f'style="stroke: {tone}; stroke-width: 5; stroke-linecap: round; opacity: .45"/>'
        )
    parts.append(
        f'<circle cx="{at(metric["change"]):.1f}" cy="{y:.1f}" r="5" style="fill: {tone}"/>'
    )
    return "".join(parts)
