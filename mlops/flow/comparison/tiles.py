"""The numbers of a comparison that are to be seen from afar."""

from __future__ import annotations

from typing import Any

from mlops.flow.comparison import told
from mlops.flow.comparison.verdict import changed
from mlops.ui.sheet import Tile
from mlops.ui.text import number


def tiles(found: dict[str, Any]) -> tuple[Tile, ...]:
    """The numbers of a comparison that are to be seen first."""
    answers, footprint = found["answers"], found["footprint"]
    made = [_metric_tile(answers)] if answers["metrics"] else []
    changes = answers["changes"]
    if "labels_changed" in changes:
        says = f"{changes['became_right']} became right, {changes['became_wrong']} wrong"
        made.append(Tile(label="labels changed", value=f"{changes['share']:.1%}", says=says))
    elif changes:
        says = f"{changes['nearer']} nearer to the truth, {changes['farther']} farther"
        value = number(changes["median_move"])
        made.append(Tile(label="predictions moved by (median)", value=value, says=says))
    size, latency = footprint["size_bytes"], footprint["latency_s"]
    count = len(found["config"])
    first = found["config"][0] if count else None
    more = f"{first['key']}: {first['a']} → {first['b']}" if first else ""
    return (
        *made,
        _moved("model file", told.bytes_of(size["a"]), told.bytes_of(size["b"])),
        _moved("one row takes", told.time_of(latency["a"]), told.time_of(latency["b"])),
        Tile(label="differing settings", value=str(count), says=more),
        _data_tile(found["data"]),
    )


def _moved(label: str, before: str, after: str) -> Tile:
    return Tile(label=label, value=after, says=f"from {before}")


def _data_tile(data: dict[str, Any] | None) -> Tile:
    lines = told.data_lines(data)
    if data is None:
        return Tile(label="data", value="–", says=lines[0])
    value = f"{data['rows']['b']:,} rows"
    says = "the same for both" if data["same"] else f"from {data['rows']['a']:,}; {lines[-1]}"
    return Tile(label="data", value=value, says=says)


def _metric_tile(answers: dict[str, Any]) -> Tile:
    first = answers["metrics"][0]
    value, before = number(first["b"]), f"from {number(first['a'])}"
    if not answers["same_rows"]:
        says = "not comparable: each on its own test part"
        return Tile(label=first["name"], value=f"{number(first['a'])} | {value}", says=says)
    tone = {"b": "good", "a": "bad", "": ""}[first["better"]]
    says = f"{before}: {changed(first)}"
    return Tile(label=first["name"], value=value, says=says, tone=tone)
