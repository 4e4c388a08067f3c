"""One process at a time, by a lock on a file; who has to wait for another says so at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

_listener: ContextVar[Callable[[str], None]] = ContextVar("listener", default=lambda says: None)


@contextlib.contextmanager
def told_to(listener: Callable[[str], None]) -> Iterator[None]:
    """Have `listener` told why a step inside the block waits.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, told_to(print):
    ...     with turn(Path(folder) / "lock", timeout_s=1, says="waiting") as has_waited:
    ...         has_waited
    False
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextlib.contextmanager
def turn(lock: Path, *, timeout_s: float, says: str) -> Iterator[bool]:
    """Hold `lock` while the block runs; gives whether another process had it first.

    Parameters
    ----------
    lock : pathlib.Path
        In a folder that exists.
    timeout_s : float
        Seconds to wait.
    says : str
        For people: what is waited for. Told once, and only if it is.

    Raises
    ------
    TimeoutError
        The other process does not end.
    OSError
        The folder cannot be written.
    """
    from filelock import FileLock, Timeout

    held, has_waited = FileLock(lock), False
    try:
        held.acquire(timeout=0)
    except Timeout:
        has_waited = True
        _listener.get()(says)
        held.acquire(timeout=timeout_s)  # its Timeout is a TimeoutError
    try:
        yield has_waited
    finally:
        held.release()
