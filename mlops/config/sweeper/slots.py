"""Where the jobs of a sweep run: one after the other, or several at once without barriers."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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

    def next(self) -> tuple[int, Any]:
        """Number and job return of the next job that ended; an exception if it was lost."""
        number, words = self._waiting.popleft()
        return number, _launched(self._launcher, number, words)

    def close(self) -> None:
        """Nothing is left over."""


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
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def start(self, number: int, words: Words) -> None:
        """Have job `number` run with `words`."""

        def wait() -> None:
            self._ended.put((number, _launched(self._launcher, number, words)))

        threading.Thread(target=wait, name=f"job {number}", daemon=True).start()

    def next(self) -> tuple[int, Any]:
        """Number and job return of the next job that ended; an exception if it was lost."""
        return self._ended.get()

    def close(self) -> None:
        """What still runs is the launcher's."""


class InProcesses:
    """Several jobs at once on this machine, in processes that come and go as jobs do.

    The launcher of joblib takes jobs by the batch: the next ones wait for the slowest of the last.
    So its jobs run in worker processes of our own, each as Hydra's own launcher would run it.

    Parameters
    ----------
    launcher : hydra.plugins.launcher.Launcher
        Says what a job is.
    size : int
    """

    def __init__(self, launcher: Any, size: int) -> None:
        import cloudpickle
        from hydra.core.singleton import Singleton

        from mlops.compute.local import Local

        known = (launcher.hydra_context, launcher.task_function, launcher.config)
        setup = _Worker(cloudpickle.dumps((*known, Singleton.get_state())))
        self.size = size
        self._crew = Local(workers=size).crew(setup)

    def start(self, number: int, words: Words) -> None:
        """Have job `number` run with `words`."""
        self._crew.start(number, (number, list(words)))

    def next(self) -> tuple[int, Any]:
        """Number and job return of the next job that ended; an exception if it was lost."""
        import cloudpickle

        from mlops.core.crew import Ended

        event = self._crew.next()
        assert event is not None
        if isinstance(event, Ended):
            return event.key, cloudpickle.loads(event.value)
        return event.key, RuntimeError(f"job {event.key}: {getattr(event, 'says', 'lost')}")

    def close(self) -> None:
        """End the processes."""
        self._crew.__exit__()


@dataclass(frozen=True)
class _Worker:
    """Makes a worker process ready: the same application, and Hydra's launcher for one job."""

    known: bytes

    def __call__(self) -> Callable[[tuple[int, list[str]], Any], bytes]:
        import cloudpickle
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher
        from hydra.core.singleton import Singleton
        from hydra.core.utils import setup_globals

        setup_globals()
        context, function, config, state = cloudpickle.loads(self.known)
        Singleton.set_state(state)
        launcher = BasicLauncher()
        launcher.setup(hydra_context=context, task_function=function, config=config)

        def work(task: tuple[int, list[str]], tell: Any) -> bytes:
            number, words = task
            (returned,) = launcher.launch([words], initial_job_idx=number)
            answer: bytes = cloudpickle.dumps(returned)
            return answer

        return work


def slots(launcher: Any, size: int) -> InTurn | AtOnce | InProcesses:
    """Places for `size` jobs, as far as `launcher` can run several."""
    from hydra._internal.core_plugins.basic_launcher import BasicLauncher

    if size == 1 or isinstance(launcher, BasicLauncher):
        return InTurn(launcher)
    if type(launcher).__name__ == "JoblibLauncher":
        return InProcesses(launcher, size)
    return AtOnce(launcher, size)


def _launched(launcher: Any, number: int, words: Words) -> Any:
    try:
        (returned,) = launcher.launch([list(words)], initial_job_idx=number)
        return returned
    except Exception as error:  # the launcher lost the job: its process was killed, say
        return error
