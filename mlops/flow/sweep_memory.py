"""What a sweep knows of itself on disk, so that a later command can go on with it.

Its folder holds ``sweep.json``, the marks of its jobs, and for each job that has begun
``jobs/MARK.json``, the name of its run. A job's mark is a hash of all that its result depends on:
its values, the content of its data, the code of its parts.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import ENVIRONMENT, MlopsError, fail
from mlops.core.paths import near, write_whole
from mlops.core.record import Result
from mlops.core.store import key_of
from mlops.flow.keys import depends_on
from mlops.flow.record import BESIDE
from mlops.flow.run_folder import RunFolder, new_run_folder
from mlops.flow.sweep_work import link
from mlops.tracker.spool import Spool
from mlops.tracker.started import is_open, is_running

FILE = "sweep.json"
ENDED = ("passed", "refused")
PATIENCE_S = 10.0  # for the worker processes of a driver that was killed


def marks(jobs: list[Job]) -> list[str]:
    """What each job is known by; equal jobs are numbered.

    Parameters
    ----------
    jobs : list of Job
    """
    contents: dict[str, str] = {}
    seen: Counter[str] = Counter()
    found = []
    for job in jobs:
        mark = key_of(_depends(job, contents))
        seen[mark] += 1
        found.append(mark if seen[mark] == 1 else f"{mark}-{seen[mark]}")
    return found


def _depends(job: Job, contents: dict[str, str]) -> dict[str, Any]:
    rooms = [room for room in job.choices if room not in BESIDE and room in job.values]
    choices = {room: job.choices[room] for room in rooms}
    data = key_of(job.values["data"])
    if data not in contents:
        contents[data] = _content(job)
    return {
        "name": job.name,
        "seed": job.seed,
        "choices": choices,
        "content": contents[data],
        **depends_on(job, *(room for room in rooms if "_target_" in job.values[room])),
        **{room: job.values[room] for room in rooms if "_target_" not in job.values[room]},
    }


def _content(job: Job) -> str:
    """What changes with the data; a source that cannot be read is told by the job itself."""
    try:
        return str(job.part("data").source_key())
    except MlopsError as error:
        return error.problems[0].code


@dataclass(frozen=True)
class Memory:
    """The folder of one sweep.

    Parameters
    ----------
    folder : RunFolder
    marks : list of str
        One a job, in the order of the jobs.
    """

    folder: RunFolder
    marks: list[str]

    @classmethod
    def new(cls, outputs: Path, marks: list[str]) -> Memory:
        """Of a sweep that begins."""
        return cls(new_run_folder(outputs, "sweep"), marks)

    @classmethod
    def last(cls, outputs: Path, marks: list[str]) -> Memory | None:
        """Of the last sweep of the same jobs, in whatever order; None if there is none."""
        wanted = sorted(marks)
        folders = [path.parent for path in (outputs / "runs").glob(f"sweep-*/{FILE}")]
        for path in sorted(folders, key=lambda each: each.name, reverse=True):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                if sorted(json.loads((path / FILE).read_bytes())["jobs"]) == wanted:
                    return cls(RunFolder(path.name.removeprefix("sweep-"), path), marks)
        return None

    def write(self) -> None:
        """Keep which jobs these are."""
        if not (self.folder.path / FILE).exists():
            write_whole(self.folder.path / FILE, json.dumps({"jobs": self.marks}, indent=1))

    @contextlib.contextmanager
    def driven(self, project: Path) -> Iterator[None]:
        """Be the only command that drives this sweep.

        Raises
        ------
        MlopsError
            Another one does.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder.path / ".driver.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise _is_driven(near(self.folder.path, project)) from None
        try:
            yield
        finally:
            lock.release()

    def before(self, job: Job, mark: str) -> Result | None:
        """What became of a job in an earlier command; None if it came to no verdict there."""
        folder = begun(self.folder.path, mark, job.outputs)
        if folder is None:
            return None
        _wait_for(folder)
        return verdict(job.outputs, folder)


def begun(sweep: Path, mark: str, outputs: Path) -> Path | None:
    """The folder of the run that a job of a sweep began last; None if it began none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        run = str(json.loads(link(sweep, mark).read_bytes())["run"])
        if Path(run).name == run:
            return outputs / "runs" / run
    return None


def verdict(outputs: Path, folder: Path) -> Result | None:
    """The result of a run whose record says that it came to its end; else None.

    Parameters
    ----------
    outputs : pathlib.Path
    folder : pathlib.Path
        The run's.
    """
    try:
        result = Result.from_json((folder / "result.json").read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    ended = result.outcome in ENDED and not is_open(outputs, result.key)
    return result if ended and Spool(outputs).status(result.key) in ("FINISHED", "") else None


def _wait_for(folder: Path) -> None:
    """Let a run whose driver was killed come to its end: its process is told, and ends soon."""
    until = time.monotonic() + PATIENCE_S
    while is_running(folder) and time.monotonic() < until:
        time.sleep(0.05)


def _is_driven(folder: str) -> MlopsError:
    return fail(
        "sweep-running",
        "Another command is at work on this sweep.",
        where=folder,
        found="a process that drives it",
        accepted="one command at a time",
        next_step="wait for it, or leave out resume=true for a sweep of its own",
        exit_code=ENVIRONMENT,
    )
