"""`mlops runs`: what was run here, one row a run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import MlopsError, closest, fail, listed
from mlops.core.record import Result
from mlops.core.version import ModelVersion
from mlops.flow.registered import every_model
from mlops.flow.run_index import END, RunIndex, RunLine
from mlops.ui.text import number

WHEN, SECONDS = "when", "seconds"
YEAR_S = 300 * 86400


class Runs:
    """List the runs of an outputs folder.

    Parameters
    ----------
    name : str or None
        Only runs of this recipe.
    outcome : str or None
        Only runs that ended so.
    last : int
        So many first rows; 0 shows all.
    sort : str
        ``when`` (the newest first), ``seconds`` (the longest first), or the name of a metric (the
        best first, runs without it last).
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        outcome: str | None = None,
        last: int = 20,
        sort: str = WHEN,
    ) -> None:
        self.name = name
        self.outcome = outcome
        self.last = last
        self.sort = sort

    def __call__(self, job: Job) -> Result:
        """Give one row a run.

        Raises
        ------
        MlopsError
            No run has such a name or metric (exit code 2).
        """
        every = RunIndex(job.outputs).all()
        if not every:
            says = f"no runs in {job.values['outputs']} yet: `mlops` makes the first"
            return Result(outcome="done", details={"says": says, "runs": []})
        found = self._sorted(self._chosen(every))
        versions, told = versions_by_run(job)
        shown = found[: self.last or None]
        named = len({run.name for run in shown}) > 1
        what = " ".join(filter(None, (self.outcome, "runs", f"of {self.name}" * bool(self.name))))
        return Result(
            outcome="done",
            details={
                "says": _counted(len(shown), len(found), what),
                "rows": _rows(shown, versions, named=named),
                "lines": told,
                "runs": [_plain(run, versions.get(run.key, [])) for run in shown],
            },
        )

    def _chosen(self, runs: list[RunLine]) -> list[RunLine]:
        if self.name is not None:
            names = dict.fromkeys(run.name for run in runs)
            runs = [run for run in runs if run.name == self.name]
            if not runs:
                raise _nothing("name", "is the name of no run", self.name, names)
        return [run for run in runs if self.outcome in (None, run.outcome)]

    def _sorted(self, runs: list[RunLine]) -> list[RunLine]:
        if self.sort == WHEN:
            return runs
        if self.sort == SECONDS:
            return sorted(runs, key=lambda run: -(run.seconds or 0.0))
        if runs and not any(self.sort in run.metrics for run in runs):
            names = dict.fromkeys(name for run in runs for name in run.metrics)
            raise _nothing("sort", "is a metric of no run", self.sort, [WHEN, SECONDS, *names])
        return sorted(runs, key=self._rank)

    def _rank(self, run: RunLine) -> tuple[bool, float]:
        value = run.metrics.get(self.sort)
        if value is None:
            return (True, 0.0)
        return (False, value if self.sort in run.falls else -value)


def versions_by_run(job: Job) -> tuple[dict[str, list[ModelVersion]], list[str]]:
    """Run key to the versions that were made of it; and what could not be read, a line each."""
    found: dict[str, list[ModelVersion]] = {}
    told = []
    try:
        every = every_model(job)
    except MlopsError as error:  # the list is of runs: a registry that is away hides none
        return found, [error.problems[0].says]
    for versions in every:
        try:
            for version in versions.all():
                found.setdefault(version.run, []).append(version)
        except MlopsError as error:  # nor does a ledger that is broken
            told.append(error.problems[0].says)
    return found, told


def _rows(
    runs: list[RunLine], versions: dict[str, list[ModelVersion]], *, named: bool
) -> list[dict[str, Any]]:
    """What a screen shows: short, and without a column that says the same in every row."""
    metrics = {run.metric for run in runs if run.metric}
    one = metrics.pop() if len(metrics) == 1 else ""
    year_ago = time.strftime("%Y%m%d", time.gmtime(time.time() - YEAR_S))
    rows = []
    for run in runs:
        row: dict[str, Any] = {"run": run.key[-END:], "when": _when(run, year_ago)}
        if named:
            row["name"] = run.name
        row["outcome"] = run.outcome
        if one:
            row[one] = run.value
        elif metrics:
            row["metric"] = f"{run.metric} {number(run.value)}" if run.metric else None
        row["model"] = run.model or None
        row["seconds"] = run.seconds
        if versions:
            row["version"] = ", ".join(map(_short, versions.get(run.key, ()))) or ""
        rows.append(row)
    return rows


def _when(run: RunLine, year_ago: str) -> str:
    """Day and time, UTC; the year instead of the time where it was long ago."""
    if run.key[:8] > year_ago:
        return f"{run.key[4:6]}-{run.key[6:8]} {run.key[9:11]}:{run.key[11:13]}"
    return run.at[:10]


def _short(version: ModelVersion) -> str:
    """A version in a cell.

    >>> told = dict(run="", content="", artefact="", at="", who="")
    >>> _short(ModelVersion(model="m", number=7, aliases=("champion",), **told))
    '7 champion'
    """
    return " ".join([str(version.number), *version.aliases])


def _plain(run: RunLine, versions: Iterable[ModelVersion]) -> dict[str, Any]:
    """Everything that is known of a run, for programs."""
    about = {**run._asdict(), "metrics": dict(run.metrics), "at": run.at}
    told = [
        {"model": each.model, "number": each.number, "aliases": each.aliases} for each in versions
    ]
    return {**about, "versions": told}


def _counted(shown: int, found: int, what: str) -> str:
    if found == 1:
        what = what.replace("runs", "run", 1)
    if shown == found:
        return f"{found:,} {what}" if found else f"no {what}"
    return f"{shown:,} of {found:,} {what}; last=0 shows all"


def _nothing(key: str, says: str, found: str, accepted: Iterable[str]) -> MlopsError:
    accepted = list(accepted)
    nearest = closest(found, accepted)
    return fail(
        f"no-such-{key}",
        f"{found[:80]} {says}.",
        where=key,
        found=found[:80],
        accepted=listed(accepted) or "-",
        closest=nearest,
        next_step=f"write {key}={nearest or accepted[0]}" if accepted else f"leave out {key}",
    )
