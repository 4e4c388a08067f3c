"""Where the jobs of a sweep run: one after the other, or several at once without barriers."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hydra.core.utils import JobReturn, JobStatus

Words = Sequence[str]


class InTurn:
    """One job at a time, each when its answer is asked for; for launchers within this process.

    Parameters
    ----------
    launcher : hydra.plugins.launcher.Launcher
    """

    size = 1

    def __init__(self, launcher: Any) -> None:
        self._launcher = launcher
        self._waiting: deque[tuple[int, Words]] = deque()

    def start(self, number: int, words: Words) -> None:
        """Have job `number` run with `words`."""
        self._waiting.append((number, words))

    def next(self) -> tuple[int, JobReturn]:
        """Number and job return of the next job that ended or was lost."""
        number, words = self._waiting.popleft()
        return number, _launched(self._launcher, number, words)


class AtOnce:
    """Several jobs at once: each is a batch of its own, so that none waits for another.

    Parameters
    ----------
    launcher : hydra.plugins.launcher.Launcher
        One that has processes of its own.
    size : int
    """

    def __init__(self, launcher: Any, size: int) -> None:
        self._launcher, self.size = launcher, size
        self._ended: queue.SimpleQueue[tuple[int, JobReturn | None]] = queue.SimpleQueue()

    def start(self, number: int, words: Words) -> None:
        """Have job `number` run with `words`."""

        def wait() -> None:
            returned = None
            with suppress(KeyboardInterrupt):  # its process was stopped; who waits is told
                returned = _launched(self._launcher, number, words)
            self._ended.put((number, returned))

        threading.Thread(target=wait, name=f"job {number}", daemon=True).start()

    def next(self) -> tuple[int, JobReturn]:
        """Number and job return of the next job that ended or was lost.

        Raises
        ------
        KeyboardInterrupt
            Somebody stopped it.
        """
        number, returned = self._ended.get()
        if returned is None:
            raise KeyboardInterrupt
        return number, returned


def slots(launcher: Any, size: int) -> InTurn | AtOnce:
    """Places for `size` jobs, as far as `launcher` can run several."""
    from hydra._internal.core_plugins.basic_launcher import BasicLauncher

    if size == 1 or isinstance(launcher, BasicLauncher):
        return InTurn(launcher)
    _make_ready(launcher)
    return AtOnce(launcher, size)


def _make_ready(launcher: Any) -> None:
    """Have joblib make its processes now: two threads that come first at once fail over it."""
    if type(launcher).__name__ == "JoblibLauncher":
        from hydra_plugins.hydra_joblib_launcher._core import process_joblib_cfg
        from joblib import Parallel, delayed

        process_joblib_cfg(launcher.joblib)
        Parallel(**{**launcher.joblib, "backend": "loky"})([delayed(int)()])


def _launched(launcher: Any, number: int, words: Words) -> JobReturn:
    try:
        (returned,) = launcher.launch([list(words)], initial_job_idx=number)
        return returned  # type: ignore[no-any-return]
    except Exception as error:  # the launcher lost the job: its process was killed, say
        return JobReturn(overrides=list(words), status=JobStatus.FAILED, _return_value=error)
