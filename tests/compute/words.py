"""Tasks that do what their first word says, and a look at the processes that they leave."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIVES_UP_LATER = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")  # see mlops.compute.ray
SETUPS: list[int] = []


def ready():
    SETUPS.append(os.getpid())
    return do


def broken():
    raise RuntimeError("no such data")


def do(task: Any, tell: Any) -> Any:
    """Do what the first word of the task says."""
    word, *rest = task if isinstance(task, tuple) else (task,)
    return {
        "double": lambda: rest[0] * 2,
        "raise": lambda: int("x"),
        "fail": lambda: int(rest[0]),
        "tell": lambda: [tell(each) for each in range(3)],
        "hang": lambda: hang(Path(rest[0])),
        "flee": lambda: hang(Path(rest[0]), lambda: flee(Path(rest[1]))),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "segfault": lambda: ctypes.string_at(0),
        "exit": lambda: sys.exit(3),
        "eat": eat,
        "lambda": lambda: lambda: 1,
        "pid": os.getpid,
        "parent": os.getppid,
        "threads": lambda: os.environ["OMP_NUM_THREADS"],
        "pools": pools,
        "setups": lambda: list(SETUPS),
        "wait": lambda: wait(Path(rest[0])),
        "secret": lambda: os.environ.get(rest[0]),
        "shout": lambda: [os.write(each, rest[0].encode()) for each in (1, 2)],
        "engine": lambda: kill_keeper(Path(rest[0])),
    }[word]()


def hang(place: Path, first: Callable[[], None] = lambda: None) -> None:
    """Stand still together with a child process."""
    child = subprocess.Popen(["sleep", "300"])
    place.write_text(str(child.pid))
    first()
    child.wait()


def flee(place: Path) -> None:
    """Start what is hard to find: one in a session of its own, and one that has lost its parent."""
    child = subprocess.Popen(["sleep", "300"], start_new_session=True)
    words = "setsid sleep 300 > /dev/null 2>&1 & echo $!"
    orphan = subprocess.run(["sh", "-c", words], stdout=subprocess.PIPE, check=True)
    place.write_text(f"{child.pid} {int(orphan.stdout)}")


def wait(place: Path) -> None:
    """Go on when `place` is there."""
    while not place.exists():
        time.sleep(0.02)


def pools() -> list[int]:
    """Threads of each numeric library that is loaded here."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    return [each["num_threads"] for each in threadpool_info()]


def kill_keeper(place: Path) -> None:
    """Kill the process in which an engine keeps the outpost of this worker, and stand still."""
    keeper = os.getpid()
    for _ in ("server of workers", "outpost", "keeper"):
        keeper = parent_of(keeper)
    hang(place, lambda: os.kill(keeper, signal.SIGKILL))


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def eat() -> None:
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1) * 10_000_000))
        time.sleep(0.01)


def left_of(mark: str, session: int) -> list[str]:
    """What runs in `session`, or has `mark` in the environment that it started with."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            theirs = int((each / "stat").read_text().rpartition(")")[2].split()[3])
            is_ours = theirs == session or mark.encode() in (each / "environ").read_bytes()
            words = (each / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:  # gone, or not ours
            continue
        if is_ours and lives(int(each.name)) and not words.startswith(GIVES_UP_LATER):
            found.append(f"{each.name} {words}")
    return found


def of_session(session: int) -> list[int]:
    """Processes of a session that live."""
    found = [int(each.name) for each in Path("/proc").glob("[0-9]*")]
    return [each for each in found if lives(each) and _session(each) == session]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def deaf(pid: int) -> bool:
    """Whether Ctrl-C means nothing to a process: it is blocked or ignored, or nobody is there."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return True
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigBlk", "SigIgn"))]
    return any(mask >> (signal.SIGINT - 1) & 1 for mask in masks)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def fled(place: Path) -> list[int]:
    """Who has fled, once they have; all live."""
    found = [int(each) for each in place.read_text().split()] if place.exists() else []
    assert all(map(lives, found))
    return found


def gone(pid: int, within_s: float = 10) -> bool:
    end = time.monotonic() + within_s
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not lives(pid)


def stays(mark: str, session: int, within_s: float = 15) -> list[str]:
    """What does not end soon."""
    end = time.monotonic() + within_s
    while left_of(mark, session) and time.monotonic() < end:
        time.sleep(0.05)
    return left_of(mark, session)
