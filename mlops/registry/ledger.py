"""The ledger of one registered model: an append-only file that decides what every name means.

A line is one act. It is written under a lock, flushed to the disk, and only then true. A last
line without its end was cut off by a crash, and is no act: readers pass over it, the next writer
removes it. The file ``head.json`` beside it remembers the last line, so that lines taken from the
end are missed too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops.core.errors import ENVIRONMENT, MlopsError, fail
from mlops.core.lines import parsed
from mlops.core.paths import SAFE_NAME, write_whole
from mlops.core.version import LedgerEntry
from mlops.registry import chain
from mlops.registry.format import FILE as FORMAT_FILE
from mlops.registry.format import FORMAT, StoreFormat, release

FILE, HEAD, LOCK = "ledger.jsonl", "head.json", ".lock"
PATIENCE_S = 60.0
LOCKED = "registry-locked"


class Ledger:
    """The lines of one model's ledger.

    Parameters
    ----------
    folder : pathlib.Path
        Of the model; made by the first line.
    model : str

    Attributes
    ----------
    notes : list of str
        What people should know of how the acts were kept.
    renumbered : dict of int to int
        Versions that have got another number meanwhile; none, where there is one ledger only.
    """

    is_followed = True  # MLflow's registry is brought in line with it
    stale = ""  # why acts that others did may be unknown here

    def __init__(self, folder: Path, model: str) -> None:
        self.folder, self.model = folder, model
        self.path, self.lock_file = folder / FILE, folder / LOCK
        self.notes, self.renumbered = list[str](), dict[int, int]()

    def ready(self) -> None:
        """Bring what an older release wrote to the format of this one, after a backup.

        Raises
        ------
        MlopsError
            A newer release wrote it (exit code 3).
        """
        found = StoreFormat.of(self.folder)
        found.refuse_newer(self.folder)
        if found.number < FORMAT and self.path.exists():
            from mlops.registry.upgrade import upgrade

            with self.locked():
                upgrade(self.folder)

    def entries(self) -> list[LedgerEntry]:
        """Every act, the first one first; empty where there is no ledger.

        Raises
        ------
        MlopsError
            The chain is broken, or a newer release wrote it (exit code 3): nothing is decided by
            such a ledger.
        """
        self.ready()
        lines, _ = self._lines()
        if wrong := chain.broken(lines, self.model):
            raise self._tampered(wrong)
        return [chain.entry_of(line) for line in lines]

    def verify(self) -> list[LedgerEntry]:
        """Every act, after making sure that none was changed, moved or taken away.

        Raises
        ------
        MlopsError
            One was (exit code 3).
        """
        self.ready()
        head = self._head()  # first: another's act between the two readings only adds lines
        entries = self.entries()
        seq = head.get("seq", 0)
        if len(entries) > 1 and not seq and not self._head():
            raise self._tampered(f"{HEAD}, which remembers its last line, is not there")
        if seq > len(entries):
            raise self._tampered(f"it ends after line {len(entries)}; there were {seq}")
        if seq and entries[seq - 1].hash != head.get("hash"):
            raise self._tampered(f"line {seq} is another one than the one that was written")
        return entries

    def lines(self) -> list[bytes]:
        """The whole lines as they stand there, sound or not; none where it is a link."""
        return [] if self.path.is_symlink() else self._lines()[0]

    def remembered(self) -> int:
        """How many lines there were when the last one was written; 0 if that is not known."""
        return int(self._head().get("seq", 0))

    def torn(self) -> int:
        """Bytes of a last line that a crash cut off; 0 if the last act is whole."""
        return len(self._lines()[1])

    def others(self) -> list[str]:
        """Names of the models that are kept in the same place."""
        found = [path.parent.name for path in self.folder.parent.glob(f"*/{FILE}")]
        return sorted(name for name in found if SAFE_NAME.match(name))

    def copy_of(self, folder: Path) -> str:
        """Where the files of a version can be had again, as a next step; empty if nowhere."""
        return ""

    def take_notes(self) -> list[str]:
        """What people should know, once."""
        notes = list(dict.fromkeys(self.notes))
        self.notes.clear()
        return notes

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer for the length of the block; a block may stand in another.

        Raises
        ------
        MlopsError
            Somebody else has been writing for a minute, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.lock_file, is_singleton=True)
        try:
            self.lock_file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=PATIENCE_S, poll_interval=0.005)
        except Timeout:
            raise self._busy() from None
        except OSError as error:
            raise self._cannot_lock(error) from error
        try:
            yield
        finally:
            lock.release()

    def append(self, **act: Any) -> LedgerEntry:
        """Write one act behind the last; durable on return.

        Parameters
        ----------
        **act : object
            Fields of :class:`LedgerEntry`; numbering, date and person are filled in. An act whose
            intent is written already is not written again.

        Raises
        ------
        MlopsError
            The chain is broken.
        OSError
            The file cannot be written.
        """
        with self.locked():
            entries = self.verify()
            if act.get("intent"):
                for entry in entries:
                    if entry.intent == act["intent"] and entry.act == act["act"]:
                        return entry
            last = entries[-1].hash if entries else chain.first(self.model)
            told = {"at": now(), "who": who(), **act}
            entry = LedgerEntry(seq=len(entries) + 1, previous=last, **told)
            entry = chain.sealed(replace(entry, gates=tuple(entry.gates)))
            if not (self.folder / FORMAT_FILE).exists():
                StoreFormat(release=release()).write(self.folder)
            if entries and not self._head():  # a crash came first: two lines need one
                self._remember(entries[-1])
            self._write(chain.line_of(entry))
            self._remember(entry)
            return entry

    def _remember(self, last: LedgerEntry) -> None:
        write_whole(self.folder / HEAD, json.dumps({"seq": last.seq, "hash": last.hash}))

    def _write(self, line: bytes) -> None:
        torn = self.torn()
        with self.path.open("ab") as file:
            if torn:
                file.truncate(self.path.stat().st_size - torn)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> tuple[list[bytes], bytes]:
        """The whole lines, and what stands behind the last of them."""
        if self.path.is_symlink():
            raise self._tampered("it is a link to another file")
        try:
            *lines, rest = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], b""
        return lines, rest

    def _head(self) -> dict[str, Any]:
        try:
            head = parsed((self.folder / HEAD).read_bytes())
        except (OSError, ValueError):
            return {}
        return head if isinstance(head, dict) and type(head.get("seq")) is int else {}

    def _busy(self) -> MlopsError:
        return fail(
            "registry-busy",
            f"Another command has been changing the versions of {self.model} for a minute.",
            where=str(self.lock_file),
            found="a lock that is held",
            accepted="one writer at a time",
            next_step="wait for the other command, or end it, then try again",
            exit_code=ENVIRONMENT,
        )

    def _cannot_lock(self, error: OSError) -> MlopsError:
        return fail(
            LOCKED,
            f"The versions of {self.model} cannot be changed here.",
            where=str(self.lock_file),
            found=error.strerror or type(error).__name__,
            accepted="a folder that can be written, and in it a lock that is a file of its own",
            next_step=f"look at {self.lock_file.parent}; ls -la shows who may write there",
            exit_code=ENVIRONMENT,
        )

    def _tampered(self, wrong: str) -> MlopsError:
        return fail(
            "ledger-broken",
            f"The history of {self.model} is not as it was written: {wrong}.",
            where=str(self.path),
            found=wrong,
            accepted="lines that were only ever added, by mlops",
            next_step="mlops restore puts it back from a backup; the versions' files are untouched",
            exit_code=3,
        )


def now() -> str:
    """This moment, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def who() -> str:
    """Login name of whoever runs this."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        return f"uid {os.getuid()}"
