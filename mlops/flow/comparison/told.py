"""Findings besides the metrics as a few lines for a terminal."""

from __future__ import annotations

from typing import Any

from mlops.flow.comparison.verdict import short

MOST_SETTINGS, MOST_SLICES, FEWEST_ROWS = 6, 2, 30


def facts(found: dict[str, Any]) -> dict[str, list[str]]:
    """Label to lines: what differs besides the metrics."""
    answers = found["answers"]
    told = {
        "config": _settings(found["config"]),
        "data": data_lines(found["data"]),
        "answers": [answers["says"], *_for_whom(answers)] if answers["same_rows"] else [],
        "size": [size_line(found["footprint"])],
        "environment": [surroundings_line(found["surroundings"])],
    }
    return {label: lines for label, lines in told.items() if lines}


def _settings(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["no value differs"]
    chosen = {row["key"] for row in rows if "." not in row["key"]}
    own = [row for row in rows if row["key"].partition(".")[0] not in chosen - {row["key"]}]
    lines = [f"{row['key']}: {row['a']} → {row['b']}" for row in own[:MOST_SETTINGS]]
    rest = len(rows) - len(lines)  # what comes with another choice is left to the page
    return [*lines, f"and {rest} more, see the page"] if rest else lines


def data_lines(data: dict[str, Any] | None) -> list[str]:
    """Rows, columns, and what moved beyond chance."""
    if data is None:
        return ["not compared"]
    before, after = data["rows"]["a"], data["rows"]["b"]
    if data["same"]:
        return [f"the same {before:,} rows"]
    lines = [f"{before:,} → {after:,} rows"]
    lines += [_schema_line(row) for row in data["schema"][:MOST_SETTINGS]]
    beyond = [row for row in data["drift"] if row["distance"] > row["by_chance"]]
    moved = ", ".join(f"{row['column']} ({row['distance']:.2f})" for row in beyond[:3])
    if data["compared"]:
        lines += [f"moved beyond chance: {moved}" if moved else "no column moved beyond chance"]
    return lines


def _schema_line(row: dict[str, Any]) -> str:
    if row["a"] and row["b"]:
        return f"{row['column']}: {row['change']}, {row['a']} → {row['b']}"
    return f"{row['column']}: {row['change']} ({row['a'] or row['b']})"


def _for_whom(answers: dict[str, Any]) -> list[str]:
    """The groups whose answers changed most; very small ones are left to the page."""
    large = [row for row in answers["slices"] if not row["small"]] or [
        row for row in answers["slices"] if row["rows"] >= min(FEWEST_ROWS, answers["rows"] / 10)
    ]
    return [f"most for {group_line(row, answers['primary'])}" for row in large[:MOST_SLICES]]


def group_line(row: dict[str, Any], primary: str) -> str:
    """One group in words.

    >>> group_line({"column": "rad", "value": "24", "rows": 30, "small": False, "moved": 2.61,
    ...     "a": 5.1, "b": 3.2}, "rmse")
    'rad = 24 (30 rows): moved 2.61, rmse 5.100 → 3.200'
    """
    how = f"moved {row['moved']:.3g}" if "moved" in row else f"{row['changed']:.0%} changed"
    named = f"{row['column']} = {row['value']} ({row['rows']} rows): {how}"
    scored = row["a"] == row["a"] and row["b"] == row["b"]
    return f"{named}, {primary} {short(row['a'])} → {short(row['b'])}" if scored else named


def size_line(footprint: dict[str, Any]) -> str:
    """Bytes of the file, and time for one row."""
    size, latency = footprint["size_bytes"], footprint["latency_s"]
    return (
        f"{bytes_of(size['a'])} → {bytes_of(size['b'])}; "
        f"one row in {time_of(latency['a'])} → {time_of(latency['b'])}"
    )


def surroundings_line(rows: list[dict[str, Any]]) -> str:
    """What changed around them, in one line."""
    if not rows:
        return "the same packages, Python and code"
    named = ", ".join(f"{row['what']} {row['a'][:12]} → {row['b'][:12]}" for row in rows[:3])
    return named + (f", and {len(rows) - 3} more" if len(rows) > 3 else "")


def time_of(latency_s: float | None) -> str:
    """Milliseconds.

    >>> time_of(0.0042), time_of(None)
    ('4.2 ms', '–')
    """
    return "–" if latency_s is None else f"{1000 * latency_s:.1f} ms"


def bytes_of(size: int | None) -> str:
    """Kilobytes or megabytes.

    >>> bytes_of(13_400), bytes_of(2_500_000)
    ('13 kB', '2.5 MB')
    """
    if size is None:
        return "–"
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1000:.0f} kB"
