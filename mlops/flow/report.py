"""`mlops report`: how well this team's machine learning operations work, in numbers and a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import MlopsError, closest, fail, listed
from mlops.core.paths import near, write_whole
from mlops.core.record import Result
from mlops.flow.effect import Window, effect, quality
from mlops.flow.effect_told import rows
from mlops.flow.registered import every_model
from mlops.flow.releases import Release, began, moment, releases
from mlops.flow.run_index import RunIndex, RunLine
from mlops.registry.versions import Versions

SPAN = re.compile(r"^(\d{1,5})\s*([dw])$")
DAYS = {"d": 1, "w": 7}


class Report:
    """Sum up training, deployment, quality, stability and speed, from the ledgers and the runs.

    Parameters
    ----------
    name : str or None
        One registered model.
    since : str or None
        Days (``90d``), weeks (``12w``) or a date (``2026-01-31``).
    """

    def __init__(self, *, name: str | None = None, since: str | None = None) -> None:
        self.name = name
        self.since = since

    def __call__(self, job: Job) -> Result:
        """Give one row a measure, and write the page.

        Raises
        ------
        MlopsError
            `since` is no time, nothing has that name (exit code 2); a ledger is not as it was
            written (3).
        """
        now = datetime.now(UTC)
        since = None if self.since is None else _since(self.since, now)
        runs = [run for run in RunIndex(job.outputs).all() if not run.is_sweep]
        every = every_model(job)
        if not runs and not every:
            says = f"nothing to sum up in {job.values['outputs']} yet: `mlops` makes the first run"
            return Result(outcome="done", details={"says": says, "effect": None})
        chosen = self._models(every, runs)
        ledgers = [(versions, versions.ledger.entries()) for versions in chosen]
        mine = self._runs(runs, ledgers)
        done = [each for versions, entries in ledgers for each in releases(versions, entries)]
        done.sort(key=lambda each: each.at)
        first = _first(mine, done, now)
        window = Window(max(since or first, first), now)
        found = effect(
            [run for run in mine if window.holds(began(run.key) or now)],
            [each for each in done if window.holds(each.at)],
            [quality(versions, window.holds, entries) for versions, entries in ledgers],
            window,
        )
        return self._told(job, found)

    def _models(self, every: list[Versions], runs: list[RunLine]) -> list[Versions]:
        if self.name is None:
            return every
        names = [*(each.model for each in every), *(run.name for run in runs)]
        if self.name not in names:
            raise _nobody(self.name, names)
        return [each for each in every if each.model == self.name]

    def _runs(self, runs: list[RunLine], ledgers: list[tuple[Versions, Any]]) -> list[RunLine]:
        """The runs of one model: of its name, and those that its versions come from."""
        if self.name is None:
            return runs
        keys = {entry.run for _, entries in ledgers for entry in entries}
        return [run for run in runs if run.name == self.name or run.key in keys]

    def _told(self, job: Job, found: dict[str, Any]) -> Result:
        from mlops.flow.effect_page import page

        file = f"reports/effect-{self.name}.html" if self.name else "reports/effect.html"
        path = write_whole(job.outputs / file, page(found, self.name))
        shown = near(path, job.project)
        what = self.name or listed(each["model"] for each in found["quality"]) or "no model yet"
        says = f"{what}, {found['since'][:10]} to {found['until'][:10]}"
        return Result(
            outcome="done",
            name=self.name or "",
            details={
                "says": says,
                "rows": rows(found),
                "lines": [f"page: {shown}"],
                "page": shown,
                "effect": found,
            },
        )


def _since(text: str, now: datetime) -> datetime:
    """The moment that the user means.

    >>> _since("2w", datetime(2026, 1, 31, tzinfo=UTC)).date().isoformat()
    '2026-01-17'
    """
    text = str(text).strip()
    span = SPAN.match(text)
    try:
        at = now - timedelta(days=int(span[1]) * DAYS[span[2]]) if span else moment(text)
    except (ValueError, OverflowError):
        at = None
    if at is None or at > now:
        raise fail(
            "no-such-time",
            "It is not said since when." if at is None else "That time has not come yet.",
            where="since",
            found=text[:80],
            accepted="days (90d), weeks (12w) or a past date (2026-01-31), UTC",
            next_step="write since=90d",
        )
    return at


def _first(runs: list[RunLine], done: list[Release], now: datetime) -> datetime:
    """When the first of it all began."""
    starts = [began(run.key) for run in runs[-1:]] + [each.at for each in done[:1]]
    return min((at for at in starts if at is not None), default=now)


def _nobody(name: str, known: Iterable[str]) -> MlopsError:
    known = list(dict.fromkeys(known))
    nearest = closest(name, known)
    return fail(
        "no-such-name",
        f"{name[:80]} is the name of no model and of no run.",
        where="name",
        found=name[:80],
        accepted=listed(known),
        closest=nearest,
        next_step=f"write name={nearest}" if nearest else "leave out name: all are summed up",
    )
