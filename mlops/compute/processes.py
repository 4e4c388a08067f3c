"""The driver's side of worker processes: hands out tasks, hears answers, replaces who died."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from types import ModuleType
from typing import Any

from mlops.compute.kin import Born, end_kin
from mlops.compute.roster import Roster, Task, Worker
from mlops.compute.worker import limited, serve
from mlops.core.crew import CANCELLED, EXITED, KILLED, OUT_OF_MEMORY, TIME_LIMIT, Failed, Setup
from mlops.core.errors import ENVIRONMENT, fail

LOOK_S = 0.2  # between two looks at the memory
MOST_STILLBORN = 3
_PAUSES_S = (0.1, 0.5)  # before workers are asked for again


@dataclass
class _Process(Worker):
    process: Any = field(kw_only=True)
    born: Born = field(kw_only=True)

    @property
    def deadline(self) -> float | None:
        if self.task is None or self.task.limit_s is None or self.verdict:
            return None
        return self.began + self.task.limit_s

    def give(self, task: Task) -> None:
        self.pipe.send(task.task)

    def cancel(self, says: str) -> None:
        self.end(CANCELLED, says)

    def end(self, reason: str = "", says: str = "") -> None:
        """Kill it and everything it has started."""
        if reason:
            self.verdict = (reason, says)
        end_kin(self.born)
        self.process.kill()  # before it has made its own group


class Processes(Roster):
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
    bells : sequence of object
        Others to wait for: :meth:`next` gives None as soon as one of them has something to read.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        size: int,
        threads: int,
        memory_mb: float | None = None,
        preload: tuple[str, ...] = (),
        bells: Sequence[Any] = (),
    ) -> None:
        super().__init__(size)
        self._setup, self._threads, self._preload = setup, threads, preload
        self._most_bytes = None if memory_mb is None else memory_mb * 1e6
        self._bells = bells
        self._stillborn = 0

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        end_kin(*(worker.born for worker in self._workers))
        for worker in self._workers:
            worker.process.kill()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(5)
        self._workers.clear()

    def _hire(self) -> None:
        idle = len(self._workers) - self._busy
        for _ in range(min(self.size - len(self._workers), len(self._waiting) - idle)):
            self._workers.append(self._hired())

    def _hired(self) -> _Process:
        for pause_s in _PAUSES_S:
            with contextlib.suppress(EOFError, OSError):  # their server died: there is a new one
                return self._started()
            sleep(pause_s)  # until the system, too, takes it for dead
        try:
            return self._started()
        except (EOFError, OSError) as error:
            says = f"the server that they come from ends: {error or type(error).__name__}"
            raise self._broken(says) from error

    def _started(self) -> _Process:
        import multiprocessing
        from multiprocessing import forkserver

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["mlops.compute.first", "mlops.compute.worker", *self._preload]
        )
        with environment(limited(self._threads)), deaf_to_ctrl_c():
            forkserver.ensure_running()
        with contextlib.ExitStack() as unless_started:
            ours, theirs = map(unless_started.enter_context, context.Pipe())
            arguments = (theirs, self._setup, self._threads, dict(os.environ))
            process = context.Process(target=serve, args=arguments)
            with without_main(), environment(limited(self._threads)):
                process.start()
            unless_started.pop_all()
        theirs.close()
        assert process.pid is not None
        return _Process(ours, process=process, born=Born.of(process.pid))

    def _hear(self, until: float | None) -> bool:
        times = [until, *(worker.deadline for worker in self._workers)]
        times += [monotonic() + LOOK_S] if self._most_bytes else []
        rung = self._listen(times, self._bells)
        for worker in self._workers:
            if worker.deadline is not None and monotonic() >= worker.deadline:
                worker.end(TIME_LIMIT, f"longer than its {worker.task.limit_s:.4g} s")
            elif self._most_bytes and worker.task and _bytes_of(worker) > self._most_bytes:
                worker.end(OUT_OF_MEMORY, f"more than {self._most_bytes / 1e6:.0f} MB of memory")
        return bool(rung)

    def _heard(self, worker: _Process) -> None:
        super()._heard(worker)
        if worker.is_ready:
            self._stillborn = 0

    def _lost(self, worker: _Process) -> None:
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
                raise self._broken(_cause(code)[1])

    def _broken(self, says: str) -> Exception:
        next_step = "look at memory and disk, or work in one process: compute.workers=0"
        return not_ready("compute=local", says, next_step)


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


def _bytes_of(worker: _Process) -> int:
    """Resident bytes of a worker; 0 where the system does not tell."""
    try:
        with open(f"/proc/{worker.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def not_ready(where: str, says: str, next_step: str) -> Exception:
    """The error for workers that end, or raise, before they can do a task."""
    return fail(
        "workers-not-ready",
        "The worker processes cannot be made ready.",
        where=where,
        found=says,
        accepted="processes that start and can read what the run prepared",
        next_step=next_step,
        exit_code=ENVIRONMENT,
    )


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """Workers need nothing of the program that started us: its main module is not run again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Variables for a process that is started in the block, and all that come from it."""
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
def deaf_to_ctrl_c() -> Iterator[None]:
    """What is started inside begins with Ctrl-C blocked (:mod:`mlops.compute.first`)."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # whoever starts it unblocks Ctrl-C
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
