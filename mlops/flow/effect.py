"""How well a team's machine learning operations work, in numbers.

The measures of delivery are those of DORA (N. Forsgren, J. Humble, G. Kim, *Accelerate*, 2018,
chapter 2): deployment frequency, lead time for changes, change failure rate, time to restore
service. A deployment is a version that became champion. ``None`` stands for what nothing is known
of; names end in the unit: ``_s`` seconds, ``_days``, ``_share`` of 1, ``_per_week``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from mlops.core.lines import parsed
from mlops.flow.releases import Release, moment
from mlops.flow.run_index import RUNNING, RunLine
from mlops.registry.versions import Versions

FEWEST_FOR_TREND = 4
DAY_S = 86400.0
WEEK_DAYS = 7.0

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """The time that is looked at."""

    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Whether something that began `at` counts."""
        return self.since <= at <= self.until

    @property
    def days(self) -> float:
        """Its length."""
        return (self.until - self.since).total_seconds() / DAY_S


def effect(
    runs: Sequence[RunLine],
    releases: Sequence[Release],
    qualities: Sequence[Numbers],
    window: Window,
) -> Numbers:
    """Every measure.

    Parameters
    ----------
    runs : sequence of RunLine
        Inside the window, the newest first; no sweeps, whose jobs are runs themselves.
    releases : sequence of Release
        Inside the window, the oldest first.
    qualities : sequence of dict
        Of :func:`quality`, one a model.
    window : Window
    """
    return {
        "since": window.since.isoformat(timespec="seconds"),
        "until": window.until.isoformat(timespec="seconds"),
        "window_days": round(window.days, 3),
        "training": training(runs),
        "deployment": deployment(releases),
        "stability": stability(releases),
        "speed": speed(releases, window),
        "runs": outcomes(runs),
        "gates": gates(runs),
        "quality": list(qualities),
    }


def training(runs: Sequence[RunLine]) -> Numbers:
    """How long runs that came to a verdict took, and the share of fitting and tuning in it.

    Returns
    -------
    dict
        ``trend_share`` = median of the later half / median of the earlier half - 1, of the time
        spent on training; None for fewer than four runs.
    """
    judged = [run for run in reversed(runs) if run.training_s is not None]
    spent = [run.training_s for run in judged if run.training_s is not None]
    half = len(spent) // 2
    return {
        "runs": len(judged),
        "median_s": _median(spent),
        "trend_share": _trend(spent[:half], spent[-half:] if half else []),
        "median_run_s": _median(run.seconds for run in judged),
        "each": [
            {
                "run": run.key,
                "name": run.name,
                "at": run.at,
                "training_s": run.training_s,
                "run_s": run.seconds,
            }
            for run in judged
        ],
    }


def deployment(releases: Sequence[Release]) -> Numbers:
    """How long it took from the act in the ledger until the deployer had ended."""
    known = [each.deployment_s for each in releases if each.deployment_s is not None]
    return {
        "measured": len(known),
        "median_s": _median(known),
        "longest_s": max(known, default=None),
        "by": sorted({each.by for each in releases if each.by}),
        "each": [_told(each) for each in releases],
    }


def stability(releases: Sequence[Release]) -> Numbers:
    """How often a release had to be taken back, and how long that took.

    Returns
    -------
    dict
        ``change_failure_share`` = releases that were rolled back or undone before the next
        release / all releases. ``restore_median_s``: from the failed release to the version
        before being champion again.
    """
    failed = [each for each in releases if each.is_failed]
    took = [each.restore_s for each in failed if each.restore_s is not None]
    return {
        "releases": len(releases),
        "failed": len(failed),
        "change_failure_share": len(failed) / len(releases) if releases else None,
        "restore_median_s": _median(took),
        "restore_longest_s": max(took, default=None),
    }


def speed(releases: Sequence[Release], window: Window) -> Numbers:
    """How often something new is deployed, and how long a change waits for it.

    Returns
    -------
    dict
        ``deployments_per_week`` = releases that came online / weeks of the window, which counts
        as one week at least. ``lead_median_days``: from the change of data or recipe to the first
        request served (where that is not noted: to the deployer's end, else to the alias).
    """
    online = [each for each in releases if not each.is_undone]
    waited = [each.lead_days for each in online if each.lead_days is not None]
    weeks = max(window.days, WEEK_DAYS) / WEEK_DAYS
    return {
        "deployments": len(online),
        "deployments_per_week": len(online) / weeks,
        "lead_measured": len(waited),
        "lead_median_days": _median(waited),
        "lead_longest_days": max(waited, default=None),
        "first_request_noted": sum(each.served_at is not None for each in online),
    }


def outcomes(runs: Sequence[RunLine]) -> Numbers:
    """How runs ended; ``success_share`` = passed / all that ended."""
    counts = Counter(run.outcome for run in runs)
    ended = len(runs) - counts[RUNNING]
    return {
        "ended": ended,
        "by_outcome": dict(counts.most_common()),
        "success_share": counts["passed"] / ended if ended else None,
    }


def gates(runs: Iterable[RunLine]) -> list[Numbers]:
    """Gates that refused, the one that did most often first."""
    counts = Counter(name for run in runs for name in run.refused)
    return [{"gate": name, "refused_runs": count} for name, count in counts.most_common()]


def quality(versions: Versions, holds: Callable[[datetime], bool], entries: Any) -> Numbers:
    """The primary metric of each version, on the test part of the run that made it.

    Parameters
    ----------
    versions : Versions
    holds : callable
        Whether a version that was registered at a moment counts.
    entries : list of LedgerEntry

    Returns
    -------
    dict
        ``versions`` that have the newest one's primary metric, with the 95 % interval.
    """
    rows = []
    for version in versions.all(entries):
        metric = _primary(versions, version.number) if holds(moment(version.at)) else {}
        if metric:
            told = {key: metric.get(key) for key in ("value", "low", "high")}
            about = {"version": version.number, "at": version.at, "aliases": list(version.aliases)}
            rows.append((metric, {**about, **told}))
    last = rows[-1][0] if rows else {}
    return {
        "model": versions.model,
        "metric": last.get("name", ""),
        "greater_is_better": last.get("greater_is_better"),
        "versions": [row for metric, row in rows if metric["name"] == last["name"]],
    }


def _primary(versions: Versions, number: int) -> Numbers:
    with suppress(OSError, ValueError, LookupError, TypeError):
        result = parsed((versions.shelf.place(number) / "result.json").read_bytes())
        return dict(result["metrics"][0])
    return {}


def _told(release: Release) -> Numbers:
    return {
        "model": release.model,
        "version": release.version,
        "at": release.at.isoformat(timespec="milliseconds"),
        "act": release.act,
        "deployment_s": release.deployment_s,
        "lead_days": release.lead_days,
        "failed": release.is_failed,
        "undone": release.is_undone,
        "restore_s": release.restore_s,
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _trend(earlier: Sequence[float], later: Sequence[float]) -> float | None:
    if len(earlier) + len(later) < FEWEST_FOR_TREND or not median(earlier):
        return None
    return median(later) / median(earlier) - 1
