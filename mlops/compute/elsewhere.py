"""What the options that hand work to an engine have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from mlops.compute.engine import Engine, answers
from mlops.compute.local import cores
from mlops.core.crew import Crew, Setup


class Elsewhere(ABC):
    """Crews of workers that an engine places, one process each.

    A worker on another host needs the working folder and ``outputs`` at the same place, on a file
    system that all hosts share, the same release of mlops, and a network that lets it call this
    machine. The line is private to those who can read ``outputs``, but not encrypted, and the
    environment, with the secrets in it, goes over it: let it be a network of your own. What tasks
    print is not kept, so that nothing secret comes into an engine's logs.

    Parameters
    ----------
    workers : int or None
        How many; None for as many as there is room for, on this machine one a core.
    threads : int or None
        Threads of OpenMP and BLAS in each; None for 1, on this machine for cores / workers.
    memory_mb : float or None
        Resident memory, megabytes, above which a worker is ended.
    wait_s : float or None
        Seconds to wait for the first worker to come; None for as long as it takes.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        threads: int | None = None,
        memory_mb: float | None = None,
        wait_s: float | None = 60.0,
    ) -> None:
        self.workers = workers
        self.threads = threads
        self.memory_mb = memory_mb
        self.wait_s = wait_s
        self._home: Path | None = None

    def belongs_to(self, outputs: Path, told: Any = None) -> None:
        """Say where outputs lie: a folder in it is seen by all workers."""
        self._home = outputs / "compute"

    def check(self) -> None:
        """Ask, before anything runs, whether the engine is there.

        Raises
        ------
        MlopsError
            It is not.
        """

    def share(self, tasks: int) -> int:
        """Cores for each of so many tasks."""
        return self.threads or 1

    def crew(self, setup: Setup, *, preload: Sequence[str] = ()) -> Crew:
        """Workers that are made ready by `setup`; see :class:`mlops.compute.local.Local`."""
        from mlops.compute.outposts import Outposts

        return Outposts(
            self.opened,
            setup,
            preload=tuple(preload),
            memory_mb=self.memory_mb,
            wait_s=self.wait_s,
            home=self._home,
        )

    @abstractmethod
    def opened(self, folder: Path) -> Engine:
        """The engine, ready to place workers.

        Parameters
        ----------
        folder : pathlib.Path
            Private; gone when the engine is closed.

        Raises
        ------
        MlopsError
            It is not there.
        """

    def _here(self) -> tuple[int, int]:
        """Workers and threads that share the cores of this machine."""
        size = self.workers or cores()
        return size, self.threads or max(1, cores() // size)


class Addressed(Elsewhere):
    """Crews of an engine that is there already, or is started here and ends with the work.

    Parameters
    ----------
    address : str or None
        ``host:port`` of the one that is there; None for one of its own on this machine.
    workers : int or None
        None for as many as it has room for, and one a core without `address`.
    threads : int or None
        None for 1, and for cores / workers without `address`.
    memory_mb : float or None
    wait_s : float or None
        See :class:`Elsewhere`.
    """

    name: ClassVar[str]

    def __init__(
        self,
        *,
        address: str | None = None,
        workers: int | None = None,
        threads: int | None = None,
        memory_mb: float | None = None,
        wait_s: float | None = 60.0,
    ) -> None:
        super().__init__(workers=workers, threads=threads, memory_mb=memory_mb, wait_s=wait_s)
        self.address = address

    def check(self) -> None:
        """Somebody has to listen at the address."""
        if self.address is not None:
            answers(self.name, self.address)
