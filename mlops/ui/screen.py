"""Lays out what is shown, once, as lines of styled pieces, for whoever prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlops.core.record import Result, Step
from mlops.ui.table import Line, table
from mlops.ui.text import clean, clipped, like, wrapped
from mlops.ui.tree import tree

MARKS = {"done": "✓", "reused": "↻", "refused": "✗", "failed": "✗", "skipped": "–"}
STYLES = {"done": "good", "reused": "quiet", "refused": "bad", "failed": "bad", "skipped": "quiet"}
OUTCOMES = {"passed": "good", "refused": "bad", "failed": "bad", "aborted": "warn"}
NAME_WIDTH = 11
MOST_RANKS = 10  # of a leaderboard; the result and the page have all


def step_line(step: Step, width: int) -> list[Line]:
    """One hop: its mark, its name, what came out, and how long it took or that it was reused."""
    end = step.status if step.status in ("reused", "skipped") else seconds(step.seconds)
    says, *more = wrapped(clean(step.says), width - NAME_WIDTH - 14)
    style = STYLES.get(step.status, "")
    room = width - NAME_WIDTH - 4 - len(says)
    lines = [
        [
            (f"{MARKS.get(step.status, '·')} ", style),
            (f"{clipped(clean(step.name), NAME_WIDTH):<{NAME_WIDTH}} ", "strong"),
            (says, "bad" if style == "bad" else ""),
            (f"{end:>{room}}", "quiet"),
        ]
    ]
    return lines + [[(" " * (NAME_WIDTH + 3) + each, "")] for each in more]


def seconds(value: float) -> str:
    """A duration with its unit.

    >>> seconds(0.034), seconds(3.21), seconds(75)
    ('0.03 s', '3.2 s', '1 min 15 s')
    """
    if value >= 60:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"


def verdict_lines(result: Result, width: int) -> list[Line]:
    """Metrics against their baseline, gates, warnings; a blank line before each block."""
    lines: list[Line] = []
    if result.metrics:
        lines += [[], *_metrics(result.metrics, width)]
    for name in ("leaderboard", "front"):
        lines += _board(result.details.get(name, ()), width)
    if result.gates:
        lines += [[], *_gates(result.gates, width)]
    return lines + warning_lines(result.warnings, width)


def _board(rows: Sequence[dict[str, Any]], width: int) -> list[Line]:
    """The first rows of a table that a search has made; what each tried is on the page."""
    head = [key for row in rows[:1] for key in row if key != "complete" and "." not in key]
    cells = [[row[key] for key in head] for row in rows[:MOST_RANKS]]
    return [[], *table(head, cells, width)] if rows else []


def warning_lines(warnings: Iterable[str], width: int) -> list[Line]:
    """One ``!`` a warning."""
    lines: list[Line] = []
    for warning in warnings:
        first, *more = wrapped(clean(warning), width - 2)
        lines += [[("! ", "warn"), (first, "")], *([("  " + each, "")] for each in more)]
    return [[], *lines] if lines else []


def end_lines(result: Result, width: int) -> list[Line]:
    """What a verb knows (``facts``: label to lines), lists (``tree``, ``rows``), says and adds
    (``lines``); the outcome; where to look next.
    """
    lines = _facts(result.details.get("facts") or {}, width)
    rows, branches = result.details.get("rows"), result.details.get("tree")
    if branches:
        lines += [[], *tree(branches, width)]
    if rows:
        keys = list(dict.fromkeys(key for row in rows for key in row))
        lines += [[], *table(keys, [[row.get(key) for key in keys] for row in rows], width)]
    told = [result.details["says"]] if result.details.get("says") else []
    texts = [
        *([""] if (rows or branches) and told else []),
        *told,
        *result.details.get("lines", ()),
    ]
    lines += [[(each, "")] for text in texts for each in wrapped(clean(text), width)]
    # A verb that judges nothing has said how it went; a run tells its outcome.
    if result.outcome in OUTCOMES and (result.key or not told):
        lines += [[], _outcome(result), *_next(result)]
    elif result.delivery:
        lines += [[], *_next(result)]
    return lines


def _facts(facts: dict[str, Sequence[str]], width: int) -> list[Line]:
    """Labels on the left, what is known of each beside them."""
    longest = max(map(len, facts), default=0) + 3
    lines: list[Line] = []
    for label, texts in facts.items():
        pieces = [each for text in texts for each in wrapped(clean(text), width - longest)]
        names = [label, *[""] * len(pieces)]
        lines += [
            [(f"{name:<{longest}}", "quiet"), (piece, "")]
            for name, piece in zip(names, pieces, strict=False)
        ]
    return [[], *lines] if lines else []


def _metrics(metrics: Sequence[dict[str, Any]], width: int) -> list[Line]:
    head = ["metric", "test", "95 % interval", "baseline", "cross-validation"]
    rows = [
        [
            metric["name"],
            like(metric["value"], metric["value"]),
            _pair(metric, "low", " … ", "high"),
            like(metric["baseline"], metric["value"]),
            _pair(metric, "cv_mean", " ± ", "cv_std"),
        ]
        for metric in metrics
    ]
    used = [at for at in range(5) if at < 2 or any(row[at] != "–" for row in rows)]
    shown = [[row[at] for at in used] for row in rows]
    return table([head[at] for at in used], shown, width, right=range(1, 5), strong_row=0)


def _pair(metric: dict[str, Any], left: str, between: str, right: str) -> str:
    if metric[left] is None or metric[right] is None:
        return "–"
    return between.join(like(metric[side], metric["value"]) for side in (left, right))


def _gates(gates: Sequence[dict[str, Any]], width: int) -> list[Line]:
    longest = min(max(len(clean(gate["name"])) for gate in gates), width // 2)
    lines: list[Line] = []
    for gate in gates:
        mark, style = ("✓ ", "good") if gate["passed"] else ("✗ ", "bad")
        if gate.get("waived"):
            mark, style = "– ", "warn"
        first, *more = wrapped(clean(gate["says"]), width - longest - 4)
        name = f"{clipped(clean(gate['name']), longest):<{longest}}  "
        lines.append([(mark, style), (name, ""), (first, "quiet" if gate["passed"] else "bad")])
        lines += [[(" " * (longest + 4) + each, "")] for each in more]
    return lines


def _outcome(result: Result) -> Line:
    name = f"  {clean(result.name)}" if result.name else ""
    return [(result.outcome, OUTCOMES[result.outcome]), (f"{name}  {seconds(result.seconds)}", "")]


def _next(result: Result) -> list[Line]:
    """Where to look: label and value, one a line."""
    found: list[tuple[str, str]] = []
    if version := result.details.get("version"):
        found.append(("model", f"{version['model']} {version['says']}"))
    if result.folder and result.outcome in ("passed", "refused"):
        found.append(("report", f"{result.folder}/report.html"))
    elif result.folder:
        found.append(("folder", result.folder))
    if result.delivery:
        found.append(("record", result.delivery.says))
        if result.delivery.delivered:
            found.append(("look", "mlops ui"))
    # A path is not broken: it is to be copied whole.
    return [[(f"  {label:<8}", "quiet"), (clean(value), "")] for label, value in found]
