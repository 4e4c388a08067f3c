"""Work on this machine: in worker processes, or in this one."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mlops.core.crew import Crew, Here, Setup


class Local:
    """Crews of processes on this machine.

    Parameters
    ----------
    workers : int or None
        Processes; None for as many as there are cores for us, 0 for none: tasks then run one by
        one in this process, where a time limit does not hold and a crash is the end.
    threads : int or None
        Threads of OpenMP and BLAS in each worker; None for cores / workers, at least 1.
    memory_mb : float or None
        Resident memory, megabytes, above which a worker is ended (where ``/proc`` tells it).
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        threads: int | None = None,
        memory_mb: float | None = None,
    ) -> None:
        self.workers = workers
        self.threads = threads
        self.memory_mb = memory_mb

    @property
    def size(self) -> int:
        """How many tasks run at once."""
        return max(1, cores() if self.workers is None else self.workers)

    def share(self, tasks: int) -> int:
        """Cores for each of so many tasks."""
        return max(1, cores() // max(1, min(self.size, tasks)))

    def crew(self, setup: Setup, *, preload: Sequence[str] = ()) -> Crew:
        """Workers that are made ready by `setup`.

        Parameters
        ----------
        setup : callable
            Can be pickled. Called once in each worker; gives the function that does a task.
        preload : sequence of str
            Modules that workers share, imported once for all of them.
        """
        if self.workers == 0:
            return Here(setup())
        from mlops.compute.processes import Processes

        threads = self.threads or max(1, cores() // self.size)
        return Processes(
            setup, size=self.size, threads=threads, memory_mb=self.memory_mb, preload=tuple(preload)
        )


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not everywhere
        return os.cpu_count() or 1
