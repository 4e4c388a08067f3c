"""Runs that have begun: so that a killed one is recorded too, by whoever comes next.

A run in progress has a note in ``outputs/spool/started`` and holds the lock ``.lock`` in its own
folder. The system frees the lock however the process ends; a note whose lock is free and whose
key has no record tells of a run that was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mlops.core.lines import parsed
from mlops.core.paths import write_whole
from mlops.core.record import Record
from mlops.tracker.spool import ANYWHERE, Spool, now_ms


@contextlib.contextmanager
def started(
    outputs: Path, folder: Path, record: Record, *, target: str = ANYWHERE
) -> Iterator[Callable[[Record], None]]:
    """Say that a run goes on in `folder` for as long as the block runs.

    Submit the run's record inside the block. If the block ends without one, or the process dies,
    the next recorder writes what was known of it, with status FAILED and the tag
    ``mlops.reason`` = ``killed``.

    Parameters
    ----------
    outputs, folder : pathlib.Path
        The outputs folder and the run's own.
    record : Record
        What is known of the run at its start.
    target : str
        ``target`` of the opened tracker: where a record of this run belongs.

    Yields
    ------
    callable
        Takes the record as it is known by now; durable on return.
    """
    from filelock import FileLock

    note = {"key": record.key, "pid": os.getpid(), "folder": str(folder.resolve())}
    path = outputs.resolve() / "spool" / "started" / f"{record.key}.json"

    def know(known: Record) -> None:
        placed = asdict(replace(known, experiment=record.experiment))
        write_whole(path, json.dumps({**note, "target": target, "record": placed}))

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):  # before the note: a note without a lock is a dead run
        know(record)
        try:
            yield know
        finally:
            if Spool(outputs).knows(record.key):
                path.unlink(missing_ok=True)


def is_running(folder: Path) -> bool:
    """Whether the run of this run folder is going on at this moment."""
    from filelock import FileLock, Timeout

    if not (folder / ".lock").exists():
        return False
    try:
        with FileLock(folder / ".lock").acquire(blocking=False):
            return False
    except Timeout:
        return True


def running(outputs: Path) -> list[dict[str, Any]]:
    """The notes of all runs that are going on."""
    return [note for note in _notes(outputs) if is_running(Path(note["folder"]))]


def bury(spool: Spool) -> list[str]:
    """Write a record for each run that was killed, forget those that ended; return the keys."""
    return [note["key"] for note in _notes(spool.outputs) if _buried(spool, note)]


def give_up(spool: Spool, key: str, *, status: str, reason: str) -> None:
    """Record a run that comes to no end of its own, if it has not ended before.

    Parameters
    ----------
    spool : Spool
    key : str
    status, reason : str
        Of its record; the reason becomes the tag ``mlops.reason``.
    """
    for note in _notes(spool.outputs):
        if note["key"] == key and not spool.knows(key):
            spool.put(_killed(note, status, reason), target=note["target"])


def is_open(outputs: Path, key: str) -> bool:
    """Whether the run of `key` has begun, and there is no record yet of what became of it."""
    note = outputs.resolve() / "spool" / "started" / f"{key}.json"
    return note.exists() and not Spool(outputs).knows(key)


def _buried(spool: Spool, note: dict[str, Any]) -> bool:
    from filelock import FileLock, Timeout

    lock = Path(note["folder"]) / ".lock"
    held: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    try:
        if lock.exists():  # else its folder was deleted, and no process can be at work there
            held = FileLock(lock).acquire(blocking=False)
        with held:
            was_killed = not spool.knows(note["key"])
            if was_killed:
                spool.put(_killed(note), target=note["target"])
            (spool.folder / "started" / f"{note['key']}.json").unlink(missing_ok=True)
            return was_killed
    except Timeout:
        return False


def _killed(note: dict[str, Any], status: str = "FAILED", reason: str = "killed") -> Record:
    known = Record.from_json(json.dumps(note["record"]))
    tags = {**known.tags, "mlops.reason": reason}
    return replace(known, status=status, end_ms=now_ms(), tags=tags, register="")


def _notes(outputs: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted((outputs.resolve() / "spool" / "started").glob("[!.]*.json")):
        with contextlib.suppress(OSError, ValueError):  # ended since it was listed
            found.append(parsed(path.read_text(encoding="utf-8")))
    return found
