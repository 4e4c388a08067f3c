"""The driver's side of workers that an engine has placed, on this machine or on others."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import socket
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import Any

from mlops.compute.engine import Engine
from mlops.compute.line import Caller, Line
from mlops.compute.outpost import Order, Packed, release, unpacked
from mlops.compute.processes import MOST_STILLBORN, not_ready
from mlops.compute.roster import Roster, Task, Worker
from mlops.core.crew import KILLED, Failed, Setup
from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import make_outputs

LOOK_S = 1.0  # between two looks at what the engine says
IDLE_S = 10.0  # without a look: nothing was to do, so nobody was missed
LEAVE_S = 10.0  # for workers to end with all they have started


@dataclass
class _Post(Worker):
    caller: Caller | None = None

    def give(self, task: Task) -> None:
        self.pipe.send(("do", pickle.dumps(task.task), task.limit_s))

    def cancel(self, says: str) -> None:
        with contextlib.suppress(OSError):  # it has just gone: heard of in a moment
            self.pipe.send(("cancel", says))


class Outposts(Roster):
    """Workers that `opens` an engine for; see :class:`mlops.core.crew.Crew`.

    The engine places them, keeps them and says what became of them; what they do goes over a line
    between each of them and this process, for no engine has all that a crew promises.

    Parameters
    ----------
    opens : callable
        Takes a private folder and gives an :class:`mlops.compute.engine.Engine`.
    setup : callable
    preload : tuple of str
    memory_mb : float or None
    wait_s : float or None
        For a worker to come.
    home : pathlib.Path or None
        Where the private folder is made; None for the system's place for such.
    """

    def __init__(
        self,
        opens: Callable[[Path], Engine],
        setup: Setup,
        *,
        preload: tuple[str, ...],
        memory_mb: float | None,
        wait_s: float | None,
        home: Path | None,
    ) -> None:
        super().__init__(size=1)
        self._opens, self._setup = opens, setup
        self._preload, self._memory_mb, self._wait_s = preload, memory_mb, wait_s
        self._home = home
        self._ending = ExitStack()
        self._looked, self._going, self._ended_before = 0.0, 0, 0
        self._alone_since = 0.0

    def __enter__(self) -> Outposts:
        with ExitStack() as ending:
            self._folder = ending.enter_context(_private(self._home))
            self._engine = self._opens(self._folder)
            ending.callback(self._engine.close)
            self.size = self._engine.size
            self._line = self._listening()
            ending.callback(self._line.close)
            self._ending = ending.pop_all()
        self._alone_since = monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        try:
            self._dismiss()
        finally:
            self._ending.close()

    def _listening(self) -> Line:
        packed = Packed(pickle.dumps(self._setup))
        order = Order(packed, self._engine.threads, self._memory_mb, self._preload)
        try:
            return Line(self._engine.host, self._folder, order)
        except OSError as error:
            raise fail(
                "no-such-host",
                f"Workers could not reach this machine as {self._engine.host}.",
                where=f"compute={self._engine.name}",
                found=f"{error}",
                accepted="an address of this machine that the other hosts can reach",
                next_step="correct compute.host, or leave it out",
                exit_code=ENVIRONMENT,
            ) from error

    def _dismiss(self) -> None:
        """Hang up, and wait until the workers have ended with all they have started."""
        lines = [worker.pipe for worker in self._workers]
        for line in lines:
            with contextlib.suppress(OSError), socket.socket(fileno=line.fileno()) as end:
                end.shutdown(socket.SHUT_WR)
                end.detach()
        until = monotonic() + LEAVE_S
        while lines and (rung := wait(lines, max(0.0, until - monotonic()))):
            for line in rung:
                if _has_ended(line):
                    lines.remove(line)
        for worker in self._workers:
            worker.pipe.close()
        self._workers.clear()

    def _hire(self) -> None:
        wanted = min(self.size, self._busy + len(self._waiting))
        if self._going < wanted or monotonic() - self._looked > LOOK_S:
            self._look()
            for _ in range(wanted - self._going):
                self._engine.place(self._line.call)
                self._going += 1

    def _look(self) -> None:
        """Ask the engine; workers that end before they have called are no use."""
        now, before = monotonic(), self._looked
        self._looked, self._going = now, self._engine.going()
        with contextlib.suppress(OSError):  # so that nobody takes it for left behind
            self._folder.touch()
        if self._workers or now - before > IDLE_S:
            self._alone_since, self._ended_before = now, self._engine.ended
        elif self._engine.ended - self._ended_before >= MOST_STILLBORN:
            raise self._broken(self._engine.said or "they end before they have called")
        elif self._wait_s is not None and now - self._alone_since > self._wait_s:
            raise self._nobody()

    def _hear(self, until: float | None) -> bool:
        rung = self._listen([until, monotonic() + LOOK_S], self._line.bells)
        for caller in self._line.callers(rung):
            self._welcome(caller)
        return False

    def _welcome(self, caller: Caller) -> None:
        if caller.release != release():
            raise fail(
                "workers-differ",
                "A worker has another release than this command.",
                where=f"compute={self._engine.name}",
                found=f"{caller.release} on {caller.host}",
                accepted=release(),
                next_step="install the same release on all hosts",
                exit_code=ENVIRONMENT,
            )
        if len(self._workers) < self.size:
            self._workers.append(_Post(caller.line, caller=caller))
        else:
            caller.line.close()

    def _lost(self, worker: _Post) -> None:
        self._workers.remove(worker)
        worker.pipe.close()
        self._going = 0  # look at once
        if worker.task is not None and worker.caller is not None:
            says = f"{self._engine.name} lost process {worker.caller.pid} on {worker.caller.host}"
            seconds = monotonic() - worker.began
            self._events.append(Failed(worker.task.key, KILLED, says, seconds))

    def _opened(self, content: bytes) -> Any:
        return unpacked(content)

    def _broken(self, says: str) -> Exception:
        next_step = "mend it, or see with compute=local whether it works on this machine"
        return not_ready(f"compute={self._engine.name}", says, next_step)

    def _nobody(self) -> Exception:
        return fail(
            "no-worker-came",
            f"No worker of compute={self._engine.name} came within {self._wait_s:g} s.",
            where=f"compute={self._engine.name}",
            found=self._engine.said or "the engine has started none",
            accepted="an engine with room for workers that can reach this machine",
            next_step="make room, or wait longer: compute.wait_s=600 (null: as long as it takes)",
            exit_code=ENVIRONMENT,
        )


@contextlib.contextmanager
def _private(home: Path | None) -> Any:
    """A folder for us alone, of a name by which `mlops clean` knows it if it is left behind."""
    if home is not None:
        make_outputs(home.parent)
        home.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".crew.", suffix=".tmp", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if home is not None:
            with contextlib.suppress(OSError):  # others are in it
                home.rmdir()


def _has_ended(line: Any) -> bool:
    """Whether the other end has hung up; what it says in its last moments is of no use."""
    try:
        line.recv_bytes()
    except (EOFError, OSError):
        return True
    return False
