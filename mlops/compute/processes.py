"""The driver's side of worker processes: hands out tasks, hears answers, replaces who died."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from time import monotonic
from types import ModuleType
from typing import Any

from mlops.compute.worker import limited, serve
from mlops.core.crew import (
    CANCELLED,
    EXITED,
    KILLED,
    OUT_OF_MEMORY,
    TIME_LIMIT,
    Ended,
    Event,
    Failed,
    Setup,
    Told,
)
from mlops.core.errors import ENVIRONMENT, fail

LOOK_S = 0.2  # between two looks at the memory
MOST_STILLBORN = 3


@dataclass
class _Task:
    key: Any
    task: Any
    limit_s: float | None


@dataclass
class _Worker:
    process: Any
    pipe: Any
    is_ready: bool = False
    task: _Task | None = None
    began: float = 0.0
    verdict: tuple[str, str] | None = field(default=None)  # why we ended it ourselves

    @property
    def deadline(self) -> float | None:
        if self.task is None or self.task.limit_s is None or self.verdict:
            return None
        return self.began + self.task.limit_s

    def end(self, reason: str = "", says: str = "") -> None:
        """Kill it and everything it has started."""
        if reason:
            self.verdict = (reason, says)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()  # before it has made its own group


class Processes:
    """Worker processes of which each is a session of its own; see :class:`mlops.core.crew.Crew`.

    They come from a server process that has imported what they share and never ran a thread, so
    that another one costs little; they start when there are tasks for them.

    Parameters
    ----------
    setup : callable
    size : int
    threads : int
        Of the numeric libraries in each.
    memory_mb : float or None
    preload : tuple of str
    """

    def __init__(
        self,
        setup: Setup,
        *,
        size: int,
        threads: int,
        memory_mb: float | None = None,
        preload: tuple[str, ...] = (),
    ) -> None:
        self.size = size
        self._setup, self._threads, self._preload = setup, threads, preload
        self._most_bytes = None if memory_mb is None else memory_mb * 1e6
        self._workers: list[_Worker] = []
        self._waiting: deque[_Task] = deque()
        self._events: deque[Event] = deque()
        self._stillborn = 0

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        for worker in self._workers:
            worker.end()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(5)
        self._workers.clear()

    @property
    def free(self) -> int:
        """How many tasks could start at once."""
        busy = sum(worker.task is not None for worker in self._workers)
        return max(0, self.size - busy - len(self._waiting))

    def start(self, key: Any, task: Any, *, limit_s: float | None = None) -> None:
        """Have `task` done; what it can need has to be picklable.

        Raises
        ------
        MlopsError
            No worker process can be started.
        """
        self._waiting.append(_Task(key, task, limit_s))
        self._hire()
        self._hand_out()

    def cancel(self, key: Any, says: str) -> None:
        """Stop a task, with everything it has started, or forget that it waits."""
        for waiting in [each for each in self._waiting if each.key == key]:
            self._waiting.remove(waiting)
            self._events.append(Failed(key, CANCELLED, says, 0.0))
        for worker in self._workers:
            if worker.task is not None and worker.task.key == key:
                worker.end(CANCELLED, says)

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None after `timeout_s`, or where no task is left.

        Raises
        ------
        MlopsError
            Workers cannot be made ready.
        """
        until = None if timeout_s is None else monotonic() + timeout_s
        while not self._events:
            if not self._waiting and all(worker.task is None for worker in self._workers):
                return None
            self._hire()
            self._hear(until)
            self._hand_out()
            if not self._events and until is not None and monotonic() >= until:
                return None
        return self._events.popleft()

    def _hire(self) -> None:
        idle = sum(worker.task is None for worker in self._workers)
        for _ in range(min(self.size - len(self._workers), len(self._waiting) - idle)):
            self._workers.append(self._hired())

    def _hired(self) -> _Worker:
        import multiprocessing
        from multiprocessing import forkserver

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["mlops.compute.first", "mlops.compute.worker", *self._preload]
        )
        with _environment(limited(self._threads)), _deaf_to_ctrl_c():
            forkserver.ensure_running()
        ours, theirs = context.Pipe()
        arguments = (theirs, self._setup, self._threads, dict(os.environ))
        process = context.Process(target=serve, args=arguments)
        with _without_main(), _environment(limited(self._threads)):
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _hand_out(self) -> None:
        for worker in self._workers:
            if not self._waiting:
                return
            if worker.is_ready and worker.task is None and not worker.verdict:
                worker.task, worker.began = self._waiting.popleft(), monotonic()
                with contextlib.suppress(OSError):  # it has just died: heard of in a moment
                    worker.pipe.send(worker.task.task)

    def _hear(self, until: float | None) -> None:
        """Wait for something to happen, at most `until`, and take note of it."""
        now = monotonic()
        times = [until, *(worker.deadline for worker in self._workers)]
        times += [now + LOOK_S] if self._most_bytes else []
        pause = min((max(0.0, each - now) for each in times if each is not None), default=None)
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(pipes), pause):
            self._heard(pipes[pipe])
        for worker in self._workers:
            if worker.deadline is not None and monotonic() >= worker.deadline:
                assert worker.task is not None
                worker.end(TIME_LIMIT, f"longer than its {worker.task.limit_s:.4g} s")
            elif self._most_bytes and worker.task and _bytes_of(worker) > self._most_bytes:
                worker.end(OUT_OF_MEMORY, f"more than {self._most_bytes / 1e6:.0f} MB of memory")

    def _heard(self, worker: _Worker) -> None:
        try:
            kind, *rest = worker.pipe.recv()
        except (EOFError, OSError):
            self._lost(worker)
            return
        if kind == "ready":
            worker.is_ready, self._stillborn = True, 0
        elif kind == "broken":
            raise _not_ready(rest[0])
        elif worker.task is not None and not worker.verdict:
            key = worker.task.key
            make = {"told": Told, "ended": Ended, "failed": Failed}[kind]
            self._events.append(make(key, *rest))
            worker.task = worker.task if kind == "told" else None

    def _lost(self, worker: _Worker) -> None:
        """A worker died: its task failed; another takes its place when there is work."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(5)
        code = worker.process.exitcode
        worker.end()  # what it had started, if that is still there
        if worker.task is not None:
            reason, says = worker.verdict or _cause(code)
            seconds = monotonic() - worker.began
            self._events.append(Failed(worker.task.key, reason, says, seconds))
        elif not worker.is_ready:
            self._stillborn += 1
            if self._stillborn >= MOST_STILLBORN:
                raise _not_ready(_cause(code)[1])


def _cause(code: int | None) -> tuple[str, str]:
    """Reason and words for a worker that ended by itself.

    >>> _cause(-11), _cause(3)
    (('killed', 'killed by signal 11 (SIGSEGV)'), ('exited', 'its process exited with code 3'))
    """
    if code is None or code >= 0:
        return EXITED, f"its process exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    more = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
    return KILLED, f"killed by signal {-code} ({name}{more})"


def _bytes_of(worker: _Worker) -> int:
    """Resident bytes of a worker; 0 where the system does not tell."""
    try:
        with open(f"/proc/{worker.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _not_ready(says: str) -> Exception:
    return fail(
        "workers-not-ready",
        "The worker processes cannot be made ready.",
        where="compute=local",
        found=says,
        accepted="processes that start and can read what the run prepared",
        next_step="look at memory and disk, or work in one process: compute.workers=0",
        exit_code=ENVIRONMENT,
    )


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Workers need nothing of the program that started us: its main module is not run again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """For the server of workers, which loads the numeric libraries once for all."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started inside begins with Ctrl-C blocked (:mod:`mlops.compute.first`)."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
