"""What became of the jobs of a sweep that Hydra carries, told as they end.

A launcher gives its answers back when the last job has ended, and none where it is stopped. So each
job leaves its result in the folder of the sweep, and its driver looks there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlops.config.job import Job
from mlops.core.paths import write_whole
from mlops.core.record import Result
from mlops.core.secret import masked
from mlops.flow.sweep_parent import Sweep

ENDED, WORDS = "ended", "words"
LOOK_S = 0.5


def leave(folder: Path, number: int, words: Sequence[str], result: Result) -> None:
    """Keep in a sweep's `folder` what became of job `number`, which had `words`."""
    details = {**result.details, WORDS: [masked(word) for word in words]}
    write_whole(folder / ENDED / f"{number}.json", replace(result, details=details).to_json())


@dataclass
class Heard:
    """Tells the jobs of `sweep`, each once.

    Parameters
    ----------
    sweep : Sweep
        What it has for jobs are examples, until the first has ended.
    """

    sweep: Sweep
    _jobs: dict[int, Job] = field(default_factory=dict)

    @contextmanager
    def as_they_end(self) -> Iterator[None]:
        """Look again and again while the block runs, and once more after it."""
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(LOOK_S):
                self.look()

        watching = threading.Thread(target=watch, name="jobs that end", daemon=True)
        watching.start()
        try:
            yield
        finally:
            is_over.set()
            watching.join()
            self.look()

    def look(self) -> None:
        """Tell who has left a result since the last time."""
        left = {int(each.stem): each for each in self.sweep.folder.path.glob(f"{ENDED}/*.json")}
        for number in sorted(left.keys() - self._jobs.keys()):
            result = Result.from_json(left[number].read_bytes())
            words = tuple(result.details.pop(WORDS))
            self._tell(number, replace(self.sweep.job_of(result.name), words=words), result)

    def tell(self, job: Job, result: Result) -> None:
        """Tell a job that has left nothing."""
        self._tell(max(self._jobs, default=-1) + 1, job, result)

    def _tell(self, number: int, job: Job, result: Result) -> None:
        self._jobs[number] = job
        self.sweep.jobs = [each for _, each in sorted(self._jobs.items())]
        if result.key and hasattr(self.sweep.tracker, "expect"):
            self.sweep.tracker.expect(result.key)
        self.sweep.tell(job, result, number=number)
