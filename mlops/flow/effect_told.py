"""The measures of a report in the words of people: one row each, one legend for all."""

from __future__ import annotations

from typing import Any

from mlops.core.errors import counted
from mlops.ui.screen import seconds
from mlops.ui.text import like, number

HOUR_S, DAY_S = 3600.0, 86400.0
UNKNOWN = "–"
TERMS = {
    "training time": "what a run spends on fitting and tuning; the whole run is told beside it. "
    "The trend compares the median of the later half of the runs with that of the earlier half.",
    "deployment time": "from the line in the ledger that made a version champion to the end of "
    "the deployer's work.",
    "change failure rate": "releases that were rolled back or undone before the next release, of "
    "all releases. A release is a version that became champion. Going back by a promotion counts "
    "as a new release.",
    "time to restore": "from the failed release to the version before being champion again.",
    "deployment frequency": "releases that came online, a week; a shorter time counts as a week.",
    "lead time": "from the change to the first request served. The change is the first time that "
    "the file of the data or of the recipe was written after the run of the champion before "
    "began, else the start of the run. Where no first request is noted, it ends when the deployer "
    "had ended, or when the version was named champion.",
    "runs that pass": "runs whose gates all passed, of all runs that ended.",
    "quality": "the primary metric on the test part of the run that made the version, with its "
    "95 % bootstrap interval. Versions may have been tested on different rows: "
    "mlops compare judges two on the same.",
    "reference": "N. Forsgren, J. Humble, G. Kim: Accelerate (2018), chapter 2; dora.dev.",
}


def rows(found: dict[str, Any]) -> list[dict[str, str]]:
    """One row a measure: its name, its value, and what it was taken from."""
    training, deployment = found["training"], found["deployment"]
    stability, speed, runs = found["stability"], found["speed"], found["runs"]
    released = counted(stability["releases"], "release")
    told = [
        ("training time", span(training["median_s"]), _trained(training)),
        ("deployment time", span(deployment["median_s"]), _deployed(deployment, released)),
        ("deployment frequency", per_week(speed["deployments_per_week"]), released),
        ("lead time", days(speed["lead_median_days"]), _waited(speed)),
        ("change failure rate", share(stability["change_failure_share"]), _failed(stability)),
        ("time to restore", span(stability["restore_median_s"]), "median of those taken back"),
        ("runs that pass", share(runs["success_share"]), ended(runs)),
    ]
    told += [
        (f"quality of {each['model']}", _last(each), _way(each))
        for each in found["quality"]
        if each["versions"]
    ]
    if gates := found["gates"]:
        most = gates[0]
        told.append(
            ("refused most often", counted(most["refused_runs"], "run"), f"by {most['gate']}")
        )
    return [{"measure": name, "value": value, "of": of} for name, value, of in told]


def span(value: float | None) -> str:
    """A duration in the unit that fits.

    >>> span(4.9), span(3.5 * 3600), span(3 * 86400), span(None)
    ('4.9 s', '3.5 h', '3.0 days', '–')
    """
    if value is None:
        return UNKNOWN
    if value < HOUR_S:
        return seconds(max(value, 0.0))
    if value < 2 * DAY_S:
        return f"{value / HOUR_S:.1f} h"
    return f"{value / DAY_S:.{0 if value >= 20 * DAY_S else 1}f} days"


def days(value: float | None) -> str:
    """A duration that is known in days."""
    return UNKNOWN if value is None else span(value * DAY_S)


def share(value: float | None) -> str:
    """A share of 1 in percent.

    >>> share(0.256), share(None)
    ('26 %', '–')
    """
    return UNKNOWN if value is None else f"{100 * value:.0f} %"


def per_week(value: float) -> str:
    """A frequency."""
    return f"{value:.1f} a week" if value else "none"


def ended(runs: dict[str, Any]) -> str:
    """How many runs ended how."""
    parts = [f"{count:,} {outcome}" for outcome, count in runs["by_outcome"].items()]
    return ", ".join(parts) or "no runs"


def trend(value: float | None) -> str:
    """How the later half compares with the earlier one.

    >>> trend(-0.12), trend(None)
    ('12 % shorter than before', '')
    """
    if value is None:
        return ""
    return f"{100 * abs(value):.0f} % {'longer' if value > 0 else 'shorter'} than before"


def _trained(training: dict[str, Any]) -> str:
    if not training["runs"]:
        return "no run came to a verdict"
    whole = (
        f"median of {counted(training['runs'], 'run')}, {span(training['median_run_s'])} as a whole"
    )
    return ", ".join(filter(None, (whole, trend(training["trend_share"]).partition(" than")[0])))


def _deployed(deployment: dict[str, Any], released: str) -> str:
    if not deployment["measured"]:
        return f"measured for none of {released}"
    dry = "; a dry run puts nothing online" if deployment["by"] == ["dry_run"] else ""
    return f"median of {deployment['measured']} of {released}{dry}"


def _waited(speed: dict[str, Any]) -> str:
    if not speed["lead_measured"]:
        return "no release"
    to = "the first request" if speed["first_request_noted"] else "the champion being online"
    return f"median, from the change to {to}"


def _failed(stability: dict[str, Any]) -> str:
    return f"{stability['failed']} of {counted(stability['releases'], 'release')} taken back"


def _last(quality: dict[str, Any]) -> str:
    last = quality["versions"][-1]
    return f"{quality['metric']} {number(last['value'])}"


def _way(quality: dict[str, Any]) -> str:
    first, last = quality["versions"][0], quality["versions"][-1]
    if first is last or first["value"] is None or last["value"] is None:
        return f"version {last['version']}"
    better = "higher" if quality["greater_is_better"] else "lower"
    before = like(first["value"], last["value"])
    return (
        f"version {last['version']}; version {first['version']} had {before} ({better} is better)"
    )
