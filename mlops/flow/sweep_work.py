"""One job of a sweep where it is done: in a worker process or in this one, with a log of its own.

A job's first act is to write which run it is, in the folder of the sweep, so that whoever goes on
with the sweep finds it, wherever its driver was killed.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlops.config.build import project_on_path
from mlops.config.job import Job
from mlops.core.crew import Tell, Work
from mlops.core.errors import MlopsError, Problem
from mlops.core.paths import near, write_whole
from mlops.core.record import Record, Result
from mlops.core.secret import masked
from mlops.flow.fault import fault
from mlops.flow.once import carry_out
from mlops.flow.run_index import RunIndex
from mlops.ui.silent import Silent

LOG = "log.txt"


@dataclass(frozen=True)
class Shop:
    """Makes a worker ready for the jobs of one sweep; plain data, so that it can travel.

    Parameters
    ----------
    project, folder : pathlib.Path
        The working folder, and that of the sweep.
    parents : dict of str to str
        Experiment to run key of the sweep in it.
    driver : int
        Process that drives the sweep: jobs done by another one print into their own log.
    threads : int or None
        Workers that the parts of a job may start in turn; None for what its own `compute` says.
    """

    project: Path
    folder: Path
    parents: dict[str, str]
    driver: int
    threads: int | None = 1

    def __call__(self) -> Work:
        """A task is a pair: what the job is called in the sweep's folder, and the job."""
        os.chdir(self.project)
        project_on_path(self.project)

        def work(task: tuple[str, Job], tell: Tell) -> Result:
            mark, job = task
            is_alone = os.getpid() != self.driver
            log = _Log() if is_alone else None

            def begun(folder: Path) -> None:
                write_whole(link(self.folder, mark), json.dumps({"run": folder.name}))
                tell(str(folder))
                if log is not None:
                    log.open(folder / LOG)

            if is_alone and self.threads is not None:
                self._share(job, self.threads)
            tracker = job.part("tracker")
            join = getattr(tracker, "join", tracker.open)
            join(job.outputs)
            try:
                return one(job, tracker, self.parents[job.name], begun)
            finally:
                if log is not None:
                    log.close()
                if join == tracker.open:
                    tracker.close(0)

        return work

    def _share(self, job: Job, threads: int) -> None:
        """The job's own workers are as many as this worker's share of the cores."""
        from mlops.compute.local import Local

        if getattr(job.part("compute"), "workers", 0) != 0:
            memory_mb = getattr(job.part("compute"), "memory_mb", None)
            job._parts["compute"] = Local(workers=threads, memory_mb=memory_mb)


def key_in(folder: Path) -> str:
    """The run key in the name of a run's folder.

    >>> key_in(Path("boston_housing-20261122-074617-b769a4d7"))
    '20261122-074617-b769a4d7'
    """
    return "-".join(folder.name.split("-")[-3:])


def link(folder: Path, mark: str) -> Path:
    """The file in a sweep's folder that names the run of a job."""
    return folder / "jobs" / f"{mark}.json"


class _Relay:
    """A tracker that tells which run a job has begun."""

    def __init__(self, tracker: Any, begun: Callable[[Path], None]) -> None:
        self._tracker, self._begun = tracker, begun
        self.folder: Path | None = None

    @contextmanager
    def begin(self, record: Record, folder: Path) -> Iterator[Callable[[Record], None]]:
        self.folder = folder
        with self._tracker.begin(record, folder) as tell:
            self._begun(folder)  # a run that is told of is one that can be recorded as ended
            yield tell

    def submit(self, record: Any) -> None:
        self._tracker.submit(record)


def one(
    job: Job,
    tracker: Any,
    parent_key: str,
    begun: Callable[[Path], None] = lambda folder: None,
) -> Result:
    """One job, whose failure is told and does not stop the others.

    Parameters
    ----------
    job : Job
    tracker : object
        Open, or joined.
    parent_key : str
        Run key of the sweep.
    begun : callable
        Is told the folder of the job's run before anything is done in it.
    """
    job._parts["ui"] = Silent()
    relay, began = _Relay(tracker, begun), time.perf_counter()
    problems: tuple[Problem, ...]
    caught: BaseException
    try:
        return carry_out(job, relay, parent_key=parent_key, registers=False)
    except MlopsError as error:
        problems, caught = error.problems, error
    except (Exception, SystemExit) as error:  # a bug in one job must not cost the others
        where, again = " ".join(map(masked, job.words)), "run this job alone with --debug"
        problems, caught = (fault(error, job.project, where=where, again=again),), error
    return failed(
        job, problems, relay.folder, log=_traced(caught), seconds=time.perf_counter() - began
    )


def failed(
    job: Job,
    problems: tuple[Problem, ...],
    folder: Path | None,
    *,
    log: str,
    seconds: float,
    outcome: str = "failed",
) -> Result:
    """The result of a job that came to no verdict, kept in its run's folder with a log.

    Parameters
    ----------
    job : Job
    problems : tuple of Problem
    folder : pathlib.Path or None
        Of its run; None where it did not get so far.
    log : str
        What the log is to say besides; secrets are masked.
    seconds : float
    outcome : str
    """
    result = Result(
        outcome=outcome,
        exit_code=MlopsError(*problems).exit_code,
        name=job.name,
        key=key_in(folder) if folder else "",
        folder=near(folder, job.project) if folder else "",
        problems=tuple(asdict(each) for each in problems),
        details={"choices": job.choices, **({"log": LOG} if folder else {})},
        seconds=round(seconds, 3),
    )
    if folder is not None:
        told = "\n".join(map(str, problems))
        with suppress(OSError):  # the failure itself is told anyway
            with (folder / LOG).open("a", encoding="utf-8") as file:
                file.write(masked(f"{told}\n{log}".rstrip()) + "\n")
            write_whole(folder / "result.json", result.to_json())
            RunIndex(job.outputs).note(folder)
    return result


def _traced(error: BaseException | None) -> str:
    """Where an error came from. What causes say is left out: it may quote values."""
    lines: list[str] = []
    while error is not None:
        lines += [f"\n{type(error).__name__}, raised here:\n"]
        lines += traceback.format_tb(error.__traceback__)
        error = error.__cause__ or error.__context__
    return "".join(lines)


class _Log:
    """While it is open, all that this process prints, crashes included, goes into a file."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._before: tuple[int, int] = (-1, -1)

    def open(self, path: Path) -> None:
        """Begin; whoever has the file open adds to its end."""
        self._flush()
        self._path, self._before = path, (os.dup(1), os.dup(2))
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.close(file)
        faulthandler.enable(2)

    def close(self) -> None:
        """End; a log that says nothing goes."""
        if self._path is None:
            return
        self._flush()
        faulthandler.disable()
        for number, before in zip((1, 2), self._before, strict=True):
            os.dup2(before, number)
            os.close(before)
        with suppress(OSError):
            if not self._path.stat().st_size:
                self._path.unlink()

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
