"""Work in processes of joblib."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops.compute.elsewhere import Elsewhere
from mlops.compute.engine import Engine
from mlops.compute.outpost import keep


class Joblib(Elsewhere):
    """Crews of processes that joblib starts on this machine, with its engine loky.

    A task that goes wrong costs only itself. If one of joblib's own processes is killed, joblib
    ends the others too: what was under way then is lost, and the rest goes on.

    Parameters
    ----------
    workers : int or None
        Processes; None for as many as there are cores.
    threads : int or None
        Threads of OpenMP and BLAS in each; None for cores / workers, at least 1.
    memory_mb : float or None
        Resident memory, megabytes, above which a worker is ended.
    wait_s : float or None
        Seconds to wait for the first worker.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        threads: int | None = None,
        memory_mb: float | None = None,
        wait_s: float | None = 60.0,
    ) -> None:
        super().__init__(workers=workers, threads=threads, memory_mb=memory_mb, wait_s=wait_s)

    def opened(self, folder: Path) -> Engine:
        """Nothing runs yet: joblib starts its processes when there is something to do."""
        size, threads = self._here()
        return _Loky("joblib", size=size, threads=threads)


class _Loky(Engine):
    """One call of joblib that goes on until it is closed, for all workers together."""

    _thread: threading.Thread | None = None

    def place(self, call: Path) -> None:
        if not self.going():
            self._is_open = True
            self._thread = threading.Thread(target=self._run, args=(str(call),), daemon=True)
            self._thread.start()

    def going(self) -> int:
        return self.size if self._thread is not None and self._thread.is_alive() else 0

    def close(self) -> None:
        self._is_open = False
        if self._thread is not None:
            from joblib.externals.loky import get_reusable_executor

            self._thread.join()
            get_reusable_executor().shutdown(wait=True)  # else they stay for minutes

    def _run(self, call: str) -> None:
        try:
            for said in self._parallel(call):
                self._over(said)
        except Exception as error:  # one of its processes was killed
            self._over(f"{type(error).__name__}: {error}".split("\n")[0])

    def _parallel(self, call: str) -> Any:
        from joblib import Parallel, delayed

        parallel = Parallel(
            n_jobs=self.size,
            backend="loky",
            batch_size=1,
            pre_dispatch=self.size,
            return_as="generator_unordered",
        )
        return parallel(self._calls(delayed(_kept), call))

    def _calls(self, delayed: Any, call: str) -> Iterator[Any]:
        """One more whenever joblib asks for it: for a worker that has ended, the next."""
        while self._is_open:
            yield delayed(call, os.getpid())


def _kept(call: str, driver: int) -> str:
    """Keep an outpost; a process of joblib whose driver was killed would wait for ever."""
    said = keep(call)
    if driver not in (os.getpid(), os.getppid()):
        os._exit(0)
    return said
