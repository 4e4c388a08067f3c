"""Around the work of a command that leaves records: their delivery, and the result told whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mlops.config.job import Job
from mlops.core.paths import write_whole
from mlops.core.record import Delivery, Result
from mlops.flow.run_index import RunIndex

STOPPED_S = 5.0


@contextmanager
def delivered(tracker: Any) -> Iterator[Callable[[], Delivery]]:
    """Close an open `tracker` when the block ends, however it ends; gives a way to ask how.

    Who stops a command wants to be gone: the recorder gets a moment, and goes on by itself.
    """
    wait_s: float | None = None
    found: list[Delivery] = []
    try:
        yield lambda: found[0]
    except KeyboardInterrupt:
        wait_s = STOPPED_S
        raise
    finally:
        found.append(tracker.close(wait_s))


def keep(result: Result, job: Job) -> None:
    """Write the whole result over the one that was written before its record was delivered."""
    with suppress(OSError):
        write_whole(job.project / result.folder / "result.json", result.to_json())
        RunIndex(job.outputs).note(job.project / result.folder)
