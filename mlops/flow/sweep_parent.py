"""The jobs of a sweep, what became of them, and the parent run of each experiment among them."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import MlopsError
from mlops.core.record import Record, Result, Step
from mlops.core.version import ModelVersion
from mlops.flow.registered import registered, shown, standing_of
from mlops.flow.run_folder import RunFolder
from mlops.flow.sweep_table import named, rank, said, score, told, varying

STATUS = {"passed": "done", "aborted": "skipped"}


@dataclass
class Sweep:
    """A sweep on its way.

    Parameters
    ----------
    jobs : list of Job
    folder : RunFolder
    tracker, screen : object
    start_ms : int
    resumed : bool
        It goes on where an earlier command ended.
    again : str
        How what is missing is run; empty where nobody remembers what that is.
    count : int
        How many jobs there are to be, 0 where nobody knows yet; at first all that are given.
    before : str
        What a study that goes on had found in earlier commands; empty where there is none.
    """

    jobs: list[Job]
    folder: RunFolder
    tracker: Any
    screen: Any
    start_ms: int
    resumed: bool = False
    again: str = "resume=true with the same command runs what is missing"
    count: int = 0
    before: str = ""
    _became: dict[int, tuple[Result, Step]] = field(default_factory=dict)
    _known: tuple[list[Job], dict[int, int], list[str]] | None = None
    _best: tuple[Job, Result] | None = None
    failed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.count, self._given = len(self.jobs), self.jobs
        # The parent runs are settled here, whichever jobs a study may ask for.
        self._first: dict[str, Job] = {}
        for job in self.jobs:
            self._first.setdefault(job.name, job)

    @property
    def names(self) -> list[str]:
        """The experiments."""
        return list(self._first)

    @property
    def ended(self) -> list[tuple[Job, Result]]:
        """Jobs that have ended with what became of them, in the order of the jobs."""
        found = [(job, self._became.get(id(job))) for job in self.jobs]
        return [(job, each[0]) for job, each in found if each is not None]

    @property
    def results(self) -> list[Result]:
        """What became of the jobs that have ended, in the order of the jobs."""
        return [result for _, result in self.ended]

    @property
    def steps(self) -> list[Step]:
        """The same as steps."""
        found = [self._became.get(id(job)) for job in self.jobs]
        return [each[1] for each in found if each is not None]

    def knows(self, job: Job) -> bool:
        """Whether it is known what became of `job`."""
        return id(job) in self._became

    def parent(self, name: str) -> str:
        """Run key of the parent in the experiment `name`."""
        return f"{self.folder.key}-{self.names.index(name)}"

    def number(self, job: Job) -> int:
        """The place of `job` among the jobs, from 0."""
        return self._about()[0][id(job)]

    @property
    def varied(self) -> list[str]:
        """Keys that differ between the jobs."""
        return self._about()[1]

    def said(self, job: Job) -> str:
        """What sets `job` apart from the others."""
        return said(job, self.varied)

    def _about(self) -> tuple[dict[int, int], list[str]]:
        """Worked out once for a list of jobs."""
        if self._known is None or self._known[0] is not self.jobs:
            numbers = {id(each): at for at, each in enumerate(self.jobs)}
            self._known = self.jobs, numbers, varying([*self._given, *self.jobs])
        return self._known[1:]

    def tell(
        self, job: Job, result: Result, *, number: int | None = None, before: bool = False
    ) -> None:
        """Keep and show what became of one job.

        Parameters
        ----------
        job : Job
        result : Result
        number : int or None
            From 0, where that is not the place of `job` among those that are known.
        before : bool
            It ended in an earlier command.
        """
        status = "reused" if before else STATUS.get(result.outcome, result.outcome)
        log = f" ({result.folder}/{result.details['log']})" if "log" in result.details else ""
        number = self.number(job) if number is None else number
        step = Step(
            name=f"job {number + 1}" + (f"/{self.count}" if self.count else ""),
            status=status,
            says=f"{self.said(job)}: {told(result)}{log}",
            seconds=result.seconds,
        )
        self._became[id(job)] = result, step
        self.failed += result.outcome == "failed"
        if self._best is None or rank(result) < rank(self._best[1]):
            self._best = job, result
        self.screen.done(step)
        self.progress()

    def progress(self) -> None:
        """Show how far it is: jobs that ended, failed, the best so far."""
        done, count = len(self._became), self.count
        if done < count:
            self.screen.step("sweep", "")
            self.screen.progress(done, count, ", ".join(self._so_far()))

    def _so_far(self) -> list[str]:
        says = ["jobs", *([f"{self.failed} failed"] if self.failed else [])]
        if self._best and math.isfinite(score(self._best[1])) and len(self.names) == 1:
            job, result = self._best
            says.append(f"best {named(result, score(result))}: {self.said(job)}")
        return says

    def begin(self, stack: ExitStack) -> None:
        """Say that the parent runs go on, for as long as `stack` is open."""
        for name in self.names:
            parent = self.record(name, "RUNNING")
            stack.enter_context(self.tracker.begin(parent, self.folder.path / name))

    def register(self) -> dict[str, ModelVersion]:
        """Make a version of the best accepted model of each experiment; by experiment."""
        found = {}
        for name in self.names:
            register, winner = self.registers(name)
            if register and winner:
                found[name] = self.version(name, winner)
        return found

    def submit(self, versions: dict[str, ModelVersion], files: tuple[str, ...]) -> None:
        """The parent runs, with `files` of the sweep's folder."""
        for name in self.names:
            register, winner = self.registers(name)
            version = versions.get(name)
            standing = standing_of(self.job_of(name)) if version else None
            is_new = standing is not None and version is not None and version.is_new
            became = {each.outcome for each in self.results if each.name == name}
            record = replace(
                self.record(name, "FAILED" if became == {"failed"} else "FINISHED"),
                register=register if is_new else "",
                model_of=winner,
                artifacts=files,
            )
            self.tracker.submit(record)
            if standing is not None:
                self.tracker.submit(standing)

    def registers(self, name: str) -> tuple[str, str]:
        """What a version of one experiment is registered as, and whose model that is."""
        winner, job = self.winner(name), self.job_of(name)
        accepted = winner is not None and bool(job.mode["judge"])
        return job.part("registry").registers(name, accepted), winner.key if winner else ""

    def version(self, name: str, key: str) -> ModelVersion:
        """Make a version of the run `key`."""
        result = next(each for each in self.results if each.key == key)
        job = self.job_of(name)
        version = registered(job, job.project / result.folder)
        result.details["version"] = shown(version)
        return version

    def job_of(self, name: str) -> Job:
        """The first job of one experiment."""
        return self._first[name]

    def stopped(self, status: str, reason: str, files: tuple[str, ...] = ()) -> None:
        """The parent runs of a sweep that ended early; nothing is registered."""
        for name in self.names:
            record = replace(self.record(name, status), artifacts=files)
            with suppress(OSError, MlopsError):  # the error itself is on its way to the user
                self.tracker.submit(replace(record, tags={**record.tags, "mlops.reason": reason}))

    def record(self, name: str, status: str) -> Record:
        """The parent run of the experiment `name`."""
        count, varied = str(len(self.jobs)), " ".join(self.varied)
        best = self.winner(name)
        tags = {"mlops.sweep": count, "mlops.varied": varied}
        tags |= {"mlops.best": best.key} if best else {}
        tags |= {"mlops.reason": "resumed"} if self.resumed else {}
        measured = [each for each in (best.metrics if best else ()) if each["value"] is not None]
        return Record(
            key=self.parent(name),
            experiment=name,
            run_name=f"sweep of {count} {self.folder.key}",
            status=status,
            start_ms=self.start_ms,
            end_ms=int(time.time() * 1000),
            tags=tags,
            metrics=tuple((f"best_{each['name']}", float(each["value"]), 0) for each in measured),
            folder=str(self.folder.path),
            replaces=self.resumed,
        )

    def winner(self, name: str) -> Result | None:
        """The best accepted result of one experiment."""
        accepted = [each for each in self.results if each.name == name and each.outcome == "passed"]
        return min(accepted, key=rank, default=None)
