"""`mlops rerun`: a run once more, from what it wrote down, and whether it comes out the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlops.config.compose import Composed
from mlops.config.job import Job
from mlops.config.recorded import recorded, with_data
from mlops.core.errors import REFUSED, fail
from mlops.core.record import Result
from mlops.core.snapshot import is_kept
from mlops.flow.about import sound
from mlops.flow.delivered import delivered, keep
from mlops.flow.once import carry_out
from mlops.flow.subject import Subject, subject
from mlops.flow.then_and_now import SAME, compared, rows_told, surroundings_told

SNAPSHOT = "mlops.data.snapshot.Snapshot"


class Rerun:
    """Repeat a run: its configuration, its rows, its seed; nothing is taken from the step cache.

    Parameters
    ----------
    run : str or None
        Key of the run, or of a sweep, which means its winner.
    version : str or None
        Instead: number of a version, or a name that it has.
    rows : {"snapshot", "source"}
        The rows that the run had, if they are kept; or what the source holds now.
    """

    def __init__(
        self, *, run: str | None = None, version: str | None = None, rows: str = "snapshot"
    ) -> None:
        self.run = run
        self.version = version
        self.rows = rows

    def __call__(self, job: Job) -> Result:
        """Go the road again, and compare. Exit code 3 where a metric is another one.

        Raises
        ------
        MlopsError
            There is no such run (2); what it wrote down is refused (3); whatever a room refuses.
        """
        then = self._then(job)
        then = replace(then, about=sound({"run": then.label, **then.about}))
        composed = _recorded(job, then)
        again = self._again(composed, then.about.get("snapshot", ""), job.outputs)
        tracker = job.part("tracker")
        tracker.open(again.outputs)
        with delivered(tracker) as delivery:
            result = carry_out(again, tracker, repeats=then.about["run"])
        result = replace(result, delivery=delivery())
        keep(result, again)
        folder = job.project / result.folder
        told = [
            *rows_told(composed, again, then.about, folder),
            *surroundings_told(job.project, then.about, then.folder),
        ]
        return _verdict(then, result, told)

    def _then(self, job: Job) -> Subject:
        if (self.run is None) == (self.version is None):
            raise fail(
                "which-run",
                "It is not said which run is to be repeated.",
                where="command line",
                found="not exactly one of run and version",
                accepted="run=KEY or version=NUMBER",
                next_step="mlops history shows versions, mlops runs the runs",
            )
        if self.run is not None:
            return subject(job, self.run, where="run")
        return subject(job, str(self.version), where="version")

    def _again(self, composed: Composed, snapshot: str, outputs: Path) -> Job:
        """The job that the run was, checked like any other."""
        if self.rows == "source" or not is_kept(snapshot, outputs):
            return Job.of(composed)
        return Job.of(with_data(composed, "snapshot", {"_target_": SNAPSHOT, "version": snapshot}))


def _recorded(job: Job, then: Subject) -> Composed:
    """What the run wrote down, in the place of what this command composed."""
    about = then.about
    return recorded(
        job.composed,
        then.folder / "config.yaml",
        choices=about["choices"],
        space=about["space"],
        candidates=about["candidates"],
        name=about.get("name") or job.name,
    )


def _verdict(then: Subject, result: Result, told: list[str]) -> Result:
    """The result of the comparison: what the run itself found stands in its own folder."""
    rows = compared(then.about, result)
    differing = sum(row["difference"] != SAME for row in rows)
    if differing:
        says = f"{differing} of {len(rows)} metrics of {then.label} came out otherwise"
    else:
        says = f"every metric of {then.label} came out the same, to the last bit"
    return replace(
        result,
        outcome="refused" if differing else "passed",
        exit_code=REFUSED if differing else 0,
        metrics=(),
        gates=(),
        details={"says": says, "rows": rows, "lines": told, "rerun_of": then.about["run"]},
    )
