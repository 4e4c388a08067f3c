"""Work in processes of joblib."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlops.compute.elsewhere import Elsewhere
from mlops.compute.engine import Engine
from mlops.compute.outpost import keep
from mlops.compute.processes import without_main


class Joblib(Elsewhere):
    """Crews of processes that joblib starts on this machine, with its engine loky.

    A process of joblib that is killed costs the task that its worker had. Where several share a
    pool, joblib ends them all then: so each has one of its own.
    """

    def opened(self, folder: Path) -> Engine:
        """Nothing runs yet: processes start when there is something to do."""
        size, threads = self._here()
        return _Loky(size=size, threads=threads)


class _Loky(Engine):
    """A pool of one process for each worker: one that breaks takes no other with it."""

    def __init__(self, *, size: int, threads: int) -> None:
        super().__init__("joblib", size=size, threads=threads)
        self._pools: dict[Any, Any] = {}

    def place(self, call: Path) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        pool = ProcessPoolExecutor(max_workers=1)
        with without_main():
            self._pools[pool.submit(_kept, str(call), os.getpid())] = pool

    def going(self) -> int:
        for future in [each for each in self._pools if each.done()]:
            self._over(_said(future))
            self._pools.pop(future).shutdown(wait=False)
        return len(self._pools)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        self._pools.clear()


def _said(future: Any) -> str:
    try:
        return str(future.result())
    except Exception as error:  # its process was killed
        return f"{type(error).__name__}: {error}".split("\n")[0]


def _kept(call: str, driver: int) -> str:
    """Keep an outpost; a process of joblib whose driver was killed would wait for ever."""
    said = keep(call)
    if driver not in (os.getpid(), os.getppid()):
        os._exit(0)
    return said
