"""A process and all that has come from it, in sessions of their own too, as Linux's /proc tells."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

_SUBREAPER = 36  # of prctl(2)
_MOST_LOOKS = 50  # who starts processes faster than they are ended is left to its group's end


class Born(NamedTuple):
    """A process that is not mistaken for a later one with its number.

    Parameters
    ----------
    pid : int
    at : int or None
        Ticks since the machine started; None where the system does not tell.
    """

    pid: int
    at: int | None

    @classmethod
    def of(cls, pid: int) -> Born:
        """The process that has this number now."""
        found = _seen(pid)
        return cls(pid, found and found[1])

    def hear(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        if Born.of(self.pid) == self:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)

    @property
    def is_another(self) -> bool:
        """Whether its number has gone to somebody else."""
        found = _seen(self.pid)
        return found is not None and found[1] != self.at


def keep_kin(line: Connection) -> None:
    """Become the parent of whoever comes from this process and loses its own.

    Parameters
    ----------
    line : multiprocessing.connection.Connection
        To who ends this process, and stops it first: should they die before they are done, the
        line breaks and this process goes on.
    """
    if sys.platform == "linux":
        import ctypes
        import fcntl

        ctypes.CDLL(None).prctl(_SUBREAPER, ctypes.c_ulong(1))
        fcntl.fcntl(line, fcntl.F_SETSIG, signal.SIGCONT)
        fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)


def end_kin(*roots: Born) -> None:
    """Kill the groups of processes that keep their kin, and before them all that has come of them.

    A root is stopped, so that it starts nothing more, and killed last: who loses its parent
    meanwhile becomes its child, and the next look finds it.
    """
    for root in roots:
        if root.pid != os.getpid():
            root.hear(signal.SIGSTOP)
    ended: set[Born] = set()
    for _ in range(_MOST_LOOKS):
        new = _below({*roots, *ended}) - ended
        for each in new:
            each.hear(signal.SIGKILL)
        ended |= new
        if not new:
            break
    for root in roots:
        if not root.is_another:  # a group that has members keeps its number
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(root.pid, signal.SIGKILL)


def _below(roots: Iterable[Born]) -> set[Born]:
    """Who comes from `roots`, and is none of them; nobody where the system does not tell."""
    table = {pid: seen for pid in _pids() if (seen := _seen(pid)) is not None}
    first = {root.pid for root in roots if root.pid not in table or table[root.pid][1] == root.at}
    kin = set(first)
    while more := {pid for pid, (parent, _) in table.items() if parent in kin} - kin:
        kin |= more
    return {Born(pid, table[pid][1]) for pid in kin - first}


def _pids() -> list[int]:
    with suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return []


def _seen(pid: int) -> tuple[int, int] | None:
    """Parent and birth of a process; None if it is gone, or the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            told = file.read().rpartition(b")")[2].split()
        return int(told[1]), int(told[19])
    except (OSError, ValueError, IndexError):
        return None
