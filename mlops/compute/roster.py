"""What every crew of workers does: hands out tasks, and hears what becomes of them."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from time import monotonic
from typing import Any

from mlops.core.crew import CANCELLED, Ended, Event, Failed, Told


@dataclass
class Task:
    """What is to be done; `limit_s` counts from when a worker begins."""

    key: Any
    task: Any
    limit_s: float | None


@dataclass
class Worker(ABC):
    """One that does a task at a time, at the other end of `pipe`."""

    pipe: Any
    is_ready: bool = False
    task: Task | None = None
    began: float = 0.0
    verdict: tuple[str, str] | None = field(default=None)  # why we ended it ourselves

    @abstractmethod
    def give(self, task: Task) -> None:
        """Have it do `task`."""

    @abstractmethod
    def cancel(self, says: str) -> None:
        """Stop what it does."""


class Roster(ABC):
    """Workers and the tasks that wait for them; see :class:`mlops.core.crew.Crew`.

    Parameters
    ----------
    size : int
        How many tasks run at once.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._workers: list[Any] = []
        self._waiting: deque[Task] = deque()
        self._events: deque[Event] = deque()

    @property
    def free(self) -> int:
        """How many tasks could start at once."""
        return max(0, self.size - self._busy - len(self._waiting))

    @property
    def _busy(self) -> int:
        return sum(worker.task is not None for worker in self._workers)

    def start(self, key: Any, task: Any, *, limit_s: float | None = None) -> None:
        """Have `task` done; what it can need has to be picklable.

        Raises
        ------
        MlopsError
            No worker can be had.
        """
        self._waiting.append(Task(key, task, limit_s))
        self._hire()
        self._hand_out()

    def cancel(self, key: Any, says: str) -> None:
        """Stop a task, with everything it has started, or forget that it waits."""
        for waiting in [each for each in self._waiting if each.key == key]:
            self._waiting.remove(waiting)
            self._events.append(Failed(key, CANCELLED, says, 0.0))
        for worker in self._workers:
            if worker.task is not None and worker.task.key == key:
                worker.cancel(says)

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None after `timeout_s`, or where no task is left.

        Raises
        ------
        MlopsError
            Workers cannot be made ready.
        """
        until = None if timeout_s is None else monotonic() + timeout_s
        while not self._events:
            if not self._waiting and not self._busy:
                return None
            self._hire()
            if self._hear(until):
                return None
            self._hand_out()
            if not self._events and until is not None and monotonic() >= until:
                return None
        return self._events.popleft()

    @abstractmethod
    def _hire(self) -> None:
        """See to it that there are workers for the tasks that wait."""

    @abstractmethod
    def _hear(self, until: float | None) -> bool:
        """Wait for something to happen, at most `until`, and take note; True calls for a pause."""

    @abstractmethod
    def _lost(self, worker: Any) -> None:
        """A worker has gone away."""

    @abstractmethod
    def _broken(self, says: str) -> Exception:
        """The error for a worker that cannot be made ready."""

    def _opened(self, content: Any) -> Any:
        """What a worker said or gave, as the task meant it."""
        return content

    def _hand_out(self) -> None:
        for worker in self._workers:
            if not self._waiting:
                return
            if worker.is_ready and worker.task is None and not worker.verdict:
                worker.task, worker.began = self._waiting.popleft(), monotonic()
                with contextlib.suppress(OSError):  # it has just died: heard of in a moment
                    worker.give(worker.task)

    def _listen(self, times: Sequence[float | None], bells: Sequence[Any] = ()) -> list[Any]:
        """Hear the workers until the first of `times`, and say which of the `bells` rang."""
        now = monotonic()
        pause = min((max(0.0, each - now) for each in times if each is not None), default=None)
        pipes = {worker.pipe: worker for worker in self._workers}
        rung = wait([*pipes, *bells], pause)
        for pipe in rung:
            if pipe in pipes:
                self._heard(pipes[pipe])  # type: ignore[index]
        return [each for each in rung if each not in pipes]

    def _heard(self, worker: Any) -> None:
        try:
            kind, *rest = worker.pipe.recv()
        except (EOFError, OSError):
            self._lost(worker)
            return
        if kind == "ready":
            worker.is_ready = True
        elif kind == "broken":
            raise self._broken(rest[0])
        elif worker.task is not None and not worker.verdict:
            self._events.append(self._event(worker.task.key, kind, rest))
            worker.task = worker.task if kind == "told" else None

    def _event(self, key: Any, kind: str, rest: list[Any]) -> Event:
        if kind == "failed":
            return Failed(key, *rest)
        content = self._opened(rest[0])
        return Told(key, content) if kind == "told" else Ended(key, content, rest[1])
