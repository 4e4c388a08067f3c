"""Findings as a page: what matters first, tables below."""

from __future__ import annotations

from typing import Any

from mlops.core.report import Plot
from mlops.flow.comparison import told, verdict
from mlops.flow.comparison.sides import Side
from mlops.flow.comparison.tiles import tiles
from mlops.ui.forest import forest
from mlops.ui.sheet import Section, sheet
from mlops.ui.text import clipped


def page(
    a: Side, b: Side, found: dict[str, Any], plots: dict[str, tuple[Plot, ...]], says: str
) -> str:
    """The page of one comparison, one HTML document."""
    names = {"a": a.label, "b": b.label, "run of a": a.key, "run of b": b.key}
    return sheet(
        f"{a.label} against {b.label}",
        [
            Section(title=says[:1].upper() + says[1:], tiles=tiles(found)),
            _metrics(found["answers"], a, b),
            *_changes(found["answers"], plots["answers"]),
            _settings(found["config"], a, b),
            *_data(found["data"], plots["data"], a, b),
            Section(
                title="Environment",
                says=(told.surroundings_line(found["surroundings"]),),
                rows=tuple(_headed(found["surroundings"], a, b)),
                is_folded=len(found["surroundings"]) > 12,
            ),
        ],
        summary=names,
        warnings=found["notes"],
    )


def _headed(rows: list[dict[str, Any]], a: Side, b: Side) -> list[dict[str, Any]]:
    """Rows whose keys a and b are called by the models' names."""
    names = {"a": f"a: {a.short}", "b": f"b: {b.short}"}
    return [{names.get(key, key): value for key, value in row.items()} for row in rows]


def _metrics(answers: dict[str, Any], a: Side, b: Side) -> Section:
    rows = tuple(verdict.table(a, b, answers))
    if not answers["same_rows"]:
        says = f"Not on the same rows: {answers['why_not']}. Each was scored on its own test part."
        return Section(title="Metrics, each on its own test part", says=(says,), rows=rows)
    title = f"Metrics on {answers['rows']:,} rows that neither was trained on"
    key = (
        "Change from a to b with its 95 % paired bootstrap interval, each metric on its own "
        "scale; right of the line b is better."
    )
    return Section(title=title, says=(key,), drawn=(forest(answers["metrics"]),), rows=rows)


def _changes(answers: dict[str, Any], plots: tuple[Plot, ...]) -> list[Section]:
    """What changed, for whom, and for which rows."""
    if not answers["same_rows"]:
        return []
    flips = tuple(answers["changes"].get("flips", ()))
    said = answers["says"]
    sections = [Section(title="What changed", says=(said,), plots=plots, rows=flips)]
    slices = answers["slices"]
    if slices:
        sections.append(
            Section(title="For whom", plots=_by_group(slices), rows=tuple(_groups(answers)))
        )
    if answers["moved"]:
        title = "The rows whose answer moved most"
        sections.append(Section(title=title, rows=tuple(answers["moved"]), is_folded=True))
    return sections


def _groups(answers: dict[str, Any]) -> list[dict[str, Any]]:
    primary = answers["primary"]
    rows = []
    for found in answers["slices"]:
        called = "moved" if "moved" in found else "changed"
        value = f"{found['value']} (few rows)" if found["small"] else found["value"]
        rows.append(
            {
                "column": found["column"],
                "value": value,
                "rows": found["rows"],
                f"mean {called}" if called == "moved" else "share changed": found[called],
                f"{primary} of a": found["a"],
                f"{primary} of b": found["b"],
            }
        )
    return rows


def _by_group(slices: list[dict[str, Any]]) -> tuple[Plot, ...]:
    called = "moved" if "moved" in slices[0] else "changed"
    title = "Mean move, by group" if called == "moved" else "Share of labels changed, by group"
    largest = sorted(slices, key=lambda row: -row[called])[:12]
    bars = [(_group(row), row[called]) for row in largest]
    return (Plot("bar", title, "", "", {called: bars}),)


def _group(row: dict[str, Any]) -> str:
    """Column and value; a long column gives way, so that the value is seen."""
    value = f" = {row['value']}"
    return clipped(str(row["column"]), max(6, 22 - len(value))) + value


def _settings(rows: list[dict[str, Any]], a: Side, b: Side) -> Section:
    says = () if rows else ("No value differs.",)
    return Section(title="Configuration", says=says, rows=tuple(_headed(rows, a, b)))


def _data(data: dict[str, Any] | None, plots: tuple[Plot, ...], a: Side, b: Side) -> list[Section]:
    if data is None or data["same"]:
        return [Section(title="Data", says=(f"{told.data_lines(data)[0].capitalize()}.",))]
    first = Section(
        title="Data",
        says=(told.data_lines(data)[0], *_sources(data)),
        rows=tuple(_headed(data["schema"], a, b)),
    )
    key = (
        "Distance is from 0 (spread alike) to 1 (nothing in common); chance alone exceeds "
        "the value beside it once in twenty."
    )
    rows = tuple(_headed([_spread(row) for row in data["drift"]], a, b))
    title = "How values are spread"
    return [first, *([Section(title=title, says=(key,), plots=plots, rows=rows)] if rows else [])]


def _spread(row: dict[str, Any]) -> dict[str, Any]:
    """One distance as the page shows it."""
    return {
        "column": row["column"],
        "distance": row["distance"],
        "by chance": row["by_chance"],
        "a": row["a"],
        "b": row["b"],
        "missing": f"{row['missing_a']:.1%} → {row['missing_b']:.1%}",
        "measure": row["measure"],
    }


def _sources(data: dict[str, Any]) -> tuple[str, ...]:
    source = data["source"]
    return () if source["a"] == source["b"] else (f"{source['a']} → {source['b']}",)
