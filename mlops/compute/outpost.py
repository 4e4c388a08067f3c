"""A worker where an engine has a place for it: it calls the driver, and does what it is told.

The engine runs :func:`keep`, which starts a process of its own; that one keeps a worker process as
``compute=local`` does, so that time limits, memory limits and crashes are the same everywhere.
It ends with the driver, and with the engine's process that keeps it.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import platform
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge, wait
from pathlib import Path
from typing import Any

from mlops.compute.processes import Processes
from mlops.core.crew import Ended, Event, Failed, Tell, Told, Work
from mlops.core.errors import MlopsError
from mlops.core.paths import PACKAGE
from mlops.core.secret import masked

START = """
import sys
sys.path.append(sys.argv[1])
from mlops.compute.outpost import main
main(sys.argv[2])
"""
STDIN, TASK = 0, "task"
REACH_S = 30
OF_THE_HOST = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "HOSTNAME", "TMPDIR", "TMP", "TEMP", "_"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"),
    *("CONDA_PREFIX", "XDG_RUNTIME_DIR", "CUDA_VISIBLE_DEVICES"),
}
OF_THE_ENGINE = ("SLURM", "SUBMITIT", "RAY_", "DASK_", "SSH_")


def release() -> str:
    """What two ends of a line must have in common."""
    python = ".".join(platform.python_version_tuple()[:2])
    try:
        return f"mlops {version('mlops')}, Python {python}"
    except PackageNotFoundError:  # from a source tree on the path
        return f"mlops, Python {python}"


@dataclass(frozen=True)
class Packed:
    """A setup that is read by the process that does the work, and by none on the way there."""

    setup: bytes

    def __call__(self) -> Work:
        """Tasks, what they tell and their values are bytes too."""
        work = unpacked(self.setup)()

        def packed(task: bytes, tell: Tell) -> bytes:
            return pickle.dumps(work(unpacked(task), lambda content: tell(pickle.dumps(content))))

        return packed


def unpacked(content: bytes) -> Any:
    """What came over a line, whose two ends have proved that they know one secret."""
    return pickle.loads(content)  # noqa: S301 - see above


@dataclass(frozen=True)
class Order:
    """What the driver sends first: what its workers are made of and where they work."""

    setup: Packed
    threads: int
    memory_mb: float | None
    preload: tuple[str, ...]
    folder: str = field(default_factory=os.getcwd)
    path: tuple[str, ...] = field(default_factory=lambda: tuple(sys.path))
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    def settle(self) -> None:
        """Make this process one that works like the driver's own.

        Raises
        ------
        OSError
            The driver's folder is not there.
        """
        os.chdir(self.folder)
        sys.path += [each for each in self.path if each and each not in sys.path]
        os.environ.update(
            (name, value)
            for name, value in self.environment.items()
            if name not in OF_THE_HOST and not name.startswith(OF_THE_ENGINE)
        )


def keep(call: str) -> str:
    """Keep an outpost until it has no more to do; what an engine runs.

    Parameters
    ----------
    call : str
        The file that says where the driver is; the secret between them is in it and nowhere else.

    Returns
    -------
    str
        Why it could not work; empty if it could.
    """
    command = [sys.executable, "-P", "-c", START, str(PACKAGE.parent), call]
    with tempfile.TemporaryFile() as said:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": said}
        with subprocess.Popen(command, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
            code = process.wait()
        said.seek(0)
        words = said.read().decode("utf-8", "replace").strip().split("\n")[-1]
    return f"{socket.gethostname()}: {masked(words)[:300] or f'exit code {code}'}" if code else ""


def main(call: str) -> None:
    """Call the driver, and serve it until it hangs up."""
    try:
        line = called(Path(call))
    except (OSError, EOFError, ValueError, AuthenticationError) as error:
        sys.exit(f"the driver cannot be reached: {error}")
    with line, contextlib.suppress(EOFError, OSError):
        order: Order = line.recv()
        try:
            order.settle()
            _serve(line, order)
        except MlopsError as error:
            line.send(("broken", error.problems[0].found))
        except FileNotFoundError as error:
            here = f"{socket.gethostname()} does not see {error.filename}"
            line.send(("broken", f"{here}: it has to lie on a file system that all hosts share"))


def called(call: Path) -> Connection:
    """A line to the driver, after either side has proved that it knows the secret.

    Raises
    ------
    OSError, EOFError, ValueError, AuthenticationError
        There is no such driver any more.
    """
    told: dict[str, Any] = json.loads(call.read_text(encoding="utf-8"))
    reached = socket.create_connection((told["host"], told["port"]), timeout=REACH_S)
    key, line = bytes.fromhex(told["key"]), steady(reached)
    answer_challenge(line, key)
    deliver_challenge(line, key)
    line.send((socket.gethostname(), os.getpid(), release()))
    return line


def steady(reached: socket.socket) -> Connection:
    """A line that notices when the other host has gone, and sends short words at once."""
    reached.settimeout(None)
    reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            reached.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return Connection(reached.detach())


def _serve(line: Connection, order: Order) -> None:
    """Have tasks done by a worker, until the driver or the engine hangs up."""
    _quiet()
    crew = Processes(
        order.setup,
        size=1,
        threads=order.threads,
        memory_mb=order.memory_mb,
        preload=order.preload,
        bells=(line, STDIN),
    )
    is_busy = False
    with crew:
        line.send(("ready",))
        while True:
            for each in wait([line, STDIN], 0 if is_busy else None):
                if each == STDIN:
                    return
                kind, *rest = line.recv()
                if kind == "do":
                    is_busy = True
                    crew.start(TASK, rest[0], limit_s=rest[1])
                else:
                    crew.cancel(TASK, rest[0])
            event = crew.next()
            if event is not None:
                is_busy = isinstance(event, Told)
                line.send(_words(event))


def _words(event: Event) -> tuple[Any, ...]:
    if isinstance(event, Told):
        return ("told", event.content)
    if isinstance(event, Ended):
        return ("ended", event.value, event.seconds)
    assert isinstance(event, Failed)
    return ("failed", event.reason, event.says, event.seconds)


def _quiet() -> None:
    """From now on nothing is said into the engine's own logs: it could quote what is secret."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
