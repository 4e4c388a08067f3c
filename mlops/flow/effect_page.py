"""The page of a report: every measure with its picture."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import groupby
from typing import Any

from mlops.core.errors import counted
from mlops.core.report import Plot
from mlops.flow.effect_told import (
    TERMS,
    days,
    ended,
    per_week,
    rows,
    share,
    span,
    trend,
)
from mlops.flow.releases import moment
from mlops.ui.sheet import Section, Tile, sheet

DAY_S, WEEK = 86400.0, 7
UNITS = (("days", 1.0), ("hours", 24.0), ("minutes", 1440.0), ("seconds", DAY_S))
MOST_NAMES, FEWEST_WEEKS = 6, 10
MOST_DOTS = 2000


def page(found: dict[str, Any], name: str | None) -> str:
    """The page, one HTML document.

    Parameters
    ----------
    found : dict
        Of :func:`mlops.flow.effect.effect`.
    name : str or None
        The model; None for all.
    """
    models = [each["model"] for each in found["quality"]]
    summary = {
        "from": found["since"][:10],
        "to": found["until"][:10],
        "models": name or len(models),
        "runs": sum(found["runs"]["by_outcome"].values()),
        "releases": found["stability"]["releases"],
    }
    sections = [
        Section(title="At a glance", tiles=_tiles(found)),
        _quality(found),
        _speed(found),
        _training(found),
        _runs(found),
        Section(title="Every measure", rows=tuple(rows(found))),
        Section(title="What is measured", terms=TERMS),
    ]
    kept = [each for each in sections if each is not None]
    title = f"How well it works: {name}" if name else "How well it works"
    return sheet(title, kept, summary=summary, warnings=_warnings(found))


def _tiles(found: dict[str, Any]) -> tuple[Tile, ...]:
    stability, speed, training = found["stability"], found["speed"], found["training"]
    failed = f"{stability['failed']} of {counted(stability['releases'], 'release')}"
    deployment, runs = found["deployment"], found["runs"]
    whole = f"a whole run {span(training['median_run_s'])}"
    return (
        Tile(
            label="Deployment frequency",
            value=per_week(speed["deployments_per_week"]),
            says=f"{speed['deployments']} in {span(found['window_days'] * DAY_S)}",
        ),
        Tile(
            label="Lead time",
            value=days(speed["lead_median_days"]),
            says="median, from change to online",
        ),
        Tile(
            label="Change failure rate",
            value=share(stability["change_failure_share"]),
            says=failed,
            tone="" if stability["change_failure_share"] is None else _tone(stability["failed"]),
        ),
        Tile(
            label="Time to restore",
            value=span(stability["restore_median_s"]),
            says="median, to the version before",
        ),
        Tile(
            label="Training time",
            value=span(training["median_s"]),
            says=trend(training["trend_share"]) or whole,
        ),
        Tile(
            label="Deployment time",
            value=span(deployment["median_s"]),
            says=f"median of {deployment['measured']}, from act to online",
        ),
        Tile(label="Runs that pass", value=share(runs["success_share"]), says=ended(runs)),
    )


def _tone(failed: int) -> str:
    return "bad" if failed else "good"


def _quality(found: dict[str, Any]) -> Section | None:
    plots = []
    for each in found["quality"]:
        points = [
            (row["version"], (row["value"], row["low"], row["high"]))
            for row in each["versions"][-MOST_DOTS:]
            if row["value"] is not None
        ]
        better = "higher" if each["greater_is_better"] else "lower"
        label = f"{each['metric']} ({better} is better)"
        if points:
            plots.append(
                Plot("dots", each["model"], "version", label, {each["metric"]: points}, "whole")
            )
    if not plots:
        return None
    says = ("The primary metric on each version's own test part, with its 95 % interval.",)
    return Section(title="Quality over versions", says=says, plots=tuple(plots))


def _speed(found: dict[str, Any]) -> Section | None:
    each = found["deployment"]["each"]
    if not each:
        return None
    plots = [_weeks(found)]
    waited = [(_day(row["at"]), (row["lead_days"], None, None)) for row in each]
    known = [point for point in waited if point[1][0] is not None][-MOST_DOTS:]
    if known:
        largest = max(point[1][0] for point in known)
        unit, factor = next(each for each in UNITS if largest * each[1] >= 2 or each is UNITS[-1])
        leads = {"lead time": [(x, (y * factor, None, None)) for x, (y, _, _) in known]}
        plots.append(Plot("dots", "Lead time", "", unit, leads, "date"))
    spent = [(_day(row["at"]), (row["deployment_s"], None, None)) for row in each]
    spent = [point for point in spent if point[1][0] is not None][-MOST_DOTS:]
    if spent and any(point[1][0] >= 0.1 for point in spent):
        took = {"deployment time": spent}
        plots.append(Plot("dots", "Deployment time", "", "seconds", took, "date"))
    return Section(title="Releases", plots=tuple(plots), rows=tuple(map(_release, each[:-16:-1])))


def _release(row: dict[str, Any]) -> dict[str, Any]:
    became = "undone" if row["undone"] else "rolled back" if row["failed"] else "stands"
    return {
        "when": row["at"][:16].replace("T", " "),
        "model": row["model"],
        "version": str(row["version"]),
        "lead time": days(row["lead_days"]),
        "deployment": span(row["deployment_s"]),
        "what became of it": became,
        "restored after": span(row["restore_s"]),
    }


def _weeks(found: dict[str, Any]) -> Plot:
    """Releases a week, those that were taken back in front."""
    first, last = (int(_day(found[key]) // WEEK) for key in ("since", "until"))
    each = found["deployment"]["each"]
    first = max(first, last - 104)
    every = Counter(int(_day(row["at"]) // WEEK) for row in each)
    failed = Counter(int(_day(row["at"]) // WEEK) for row in each if row["failed"])
    weeks = range(min(first, last - FEWEST_WEEKS), last + 1)

    def bars(counts: Counter[int]) -> list[tuple[float, int]]:
        return [(week * WEEK + WEEK / 2, counts[week]) for week in weeks]

    series = {"releases": bars(every), "taken back": bars(failed)}
    if not failed:
        del series["taken back"]
    return Plot("histogram", "Releases a week", "", "releases", series, "date")


def _training(found: dict[str, Any]) -> Section | None:
    training = found["training"]
    if not training["each"]:
        return None
    newest = training["each"][-MOST_DOTS:]
    ordered = sorted(newest, key=lambda row: row["name"])
    series = {
        name: [(_day(row["at"]), (row["training_s"], None, None)) for row in group]
        for name, group in groupby(ordered, key=lambda row: row["name"])
    }
    series = dict(sorted(series.items(), key=lambda pair: -len(pair[1]))[:MOST_NAMES])
    whole = {"whole run": [(_day(row["at"]), (row["run_s"], None, None)) for row in newest]}
    told = f"Median {span(training['median_s'])} of {training['runs']:,} runs"
    extra = trend(training["trend_share"])
    return Section(
        title="Training time",
        says=(f"{told}, {extra}." if extra else f"{told}.",),
        plots=(
            Plot("dots", "Fitting and tuning", "", "seconds", series, "date"),
            Plot("dots", "The whole run", "", "seconds", whole, "date"),
        ),
    )


def _runs(found: dict[str, Any]) -> Section | None:
    counts, gates = found["runs"]["by_outcome"], found["gates"]
    if not counts:
        return None
    plots = [Plot("bar", "How runs ended", "", "", {"runs": list(counts.items())})]
    if gates:
        bars = [(each["gate"], each["refused_runs"]) for each in gates]
        plots.append(Plot("bar", "Gates that refused most often", "", "", {"runs": bars}))
    return Section(title="Runs", plots=tuple(plots))


def _warnings(found: dict[str, Any]) -> list[str]:
    told = []
    if found["deployment"]["by"] == ["dry_run"]:
        told.append("The deployer is a dry run: a release names a champion, and nothing is online.")
    return told


def _day(at: str | datetime) -> float:
    """Days since the epoch."""
    return (moment(at) if isinstance(at, str) else at).timestamp() / DAY_S
