"""Puts back from a backup what is broken, and leaves alone what is whole.

A history is put back by its chain: the backup's lines, and behind them those lines of the broken
one that still follow. A version's folder is put back only if its files are what the history says.
So a backup that is older than the last act takes nothing back, and none can smuggle anything in.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.paths import write_whole
from mlops.core.version import RESTORED
from mlops.registry import chain
from mlops.registry.archive import Archive
from mlops.registry.backups import BEFORE, Backups, looked_at
from mlops.registry.format import StoreFormat
from mlops.registry.intent import FILE as INTENT
from mlops.registry.intent import Intent
from mlops.registry.ledger import FILE, HEAD, Ledger
from mlops.registry.shelf import Shelf, cleared
from mlops.registry.upgrade import upgrade
from mlops.registry.versions import Versions


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What became of a model.

    Parameters
    ----------
    model : str
    put_back : tuple of str
        What was broken and is whole; empty if nothing was to be done, or could be.
    wrong : tuple of str
        What still is.
    lost : int
        Acts that neither the backup nor the broken history still holds.
    kept : pathlib.Path or None
        Backup of what was there before.
    """

    model: str
    put_back: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    lost: int = 0
    kept: Path | None = None


def restore(outputs: Path, model: str, archive: Archive) -> Restored:
    """Put back what is broken of `model`, as far as `archive` holds it.

    Whoever is killed here leaves what was broken broken, or mended; it may be done again.

    Parameters
    ----------
    outputs : pathlib.Path
    model : str
    archive : Archive

    Raises
    ------
    MlopsError
        A newer release wrote what is there or what is kept, the history that is kept is broken
        too, or it is that of another model of this name (exit code 3).
    OSError
        Something cannot be read or written.
    """
    versions = Versions(outputs, model)
    with versions.ledger.locked():
        if not _wrong(versions):
            return Restored(model=model)
        before, lost = _Before(outputs, versions), 0
        put_back: list[str] = []
        with _unpacked(versions) as folder:
            if _history_is_broken(versions):
                lost = _mend_history(versions, archive, folder / model, before)
                put_back.append("history")
            if _intent_is_broken(versions):
                before.keep()
                cleared(versions.folder / INTENT)
                put_back.append("an act that was cut off, now undone")
            put_back += _mend_versions(versions, archive, folder / "versions", before)
        if put_back:
            gone = f"; {lost} acts are lost" if lost else ""
            why = f"{', '.join(put_back)} from {archive.path.name}{gone}"
            versions.ledger.append(act=RESTORED, why=why)
        return Restored(
            model=model,
            put_back=tuple(put_back),
            wrong=tuple(_wrong(versions)),
            lost=lost,
            kept=before.path,
        )


def is_whole(outputs: Path, model: str) -> bool:
    """Whether nothing of `model` is to be put back.

    Raises
    ------
    MlopsError
        A newer release wrote it (exit code 3).
    """
    return not _wrong(Versions(outputs, model))


def _wrong(versions: Versions) -> list[str]:
    if not versions.ledger.path.exists():
        return [f"{versions.model} has no history"]
    *_, wrong = looked_at(versions)
    if not wrong and _intent_is_broken(versions):
        return ["an act that was cut off cannot be read"]
    return wrong


class _Before:
    """A backup of what is there, broken as it is, made when the first thing is about to change."""

    def __init__(self, outputs: Path, versions: Versions) -> None:
        self._backups, self._versions = Backups(outputs), versions
        self.path: Path | None = None
        self._is_over = not any(versions.folder.glob("[!.]*"))  # nothing is there

    def keep(self) -> None:
        model, folder = self._versions.model, self._versions.folder
        if not self._is_over:
            self._is_over = True
            self.path = self._backups.new(f"{model}-{BEFORE}")
            self._backups.write(self.path, {model: folder})


@contextmanager
def _unpacked(versions: Versions) -> Iterator[Path]:
    folder = versions.folder / f".{os.getpid()}.{os.urandom(4).hex()}.tmp"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _history_is_broken(versions: Versions) -> bool:
    try:
        versions.ledger.verify()
    except MlopsError:
        return True
    return not versions.ledger.path.exists()


def _intent_is_broken(versions: Versions) -> bool:
    try:
        Intent.read(versions.folder)
    except MlopsError:
        return True
    return False


def _mend_history(versions: Versions, archive: Archive, folder: Path, before: _Before) -> int:
    """Put the longest chain there is in place; so many acts are in none."""
    kept = _lines_in(archive, versions.model, folder)
    there = versions.ledger.lines()
    if chain.hashes(there) and not chain.hashes(there) & chain.hashes(kept):
        raise _another(versions, archive)
    lines = chain.continued(kept, there)
    if wrong := chain.broken(lines, versions.model) or ("it is empty" if not lines else ""):
        raise _broken_too(versions.model, archive, wrong)
    last = chain.entry_of(lines[-1])
    count = versions.ledger.remembered() or len(there)
    before.keep()
    replace(StoreFormat.of(folder), backup="").write(versions.folder)  # nothing has begun
    for path in folder.iterdir():  # e.g. notes of deployments; what is there is newer
        if path.name not in (FILE, HEAD, INTENT) and not os.path.lexists(
            versions.folder / path.name
        ):
            path.rename(versions.folder / path.name)
    write_whole(versions.folder / FILE, b"".join(line + b"\n" for line in lines))
    write_whole(versions.folder / HEAD, json.dumps({"seq": last.seq, "hash": last.hash}))
    return max(0, count - len(lines))


def _lines_in(archive: Archive, model: str, folder: Path) -> list[bytes]:
    """The lines that are kept of a history, in the format of this release."""
    archive.extract(model, "", folder)
    found = StoreFormat.of(folder)
    found.refuse_newer(archive.path)
    replace(found, backup=str(archive.path)).write(folder)  # it is the backup of itself
    upgrade(folder)
    ledger = Ledger(folder, model)
    if wrong := chain.broken(ledger.lines(), model):
        raise _broken_too(model, archive, wrong)
    return ledger.lines()


def _mend_versions(
    versions: Versions, archive: Archive, folder: Path, before: _Before
) -> list[str]:
    put_back, shelf = [], Shelf(folder)
    for version in versions.all():
        if not versions.wrong(version):
            continue
        archive.extract(versions.model, f"versions/{version.number}/", shelf.place(version.number))
        if not shelf.wrong(version.number, version.artefact):
            before.keep()
            versions.shelf.put(shelf.place(version.number), version.number)
            put_back.append(f"version {version.number}")
    return put_back


def _another(versions: Versions, archive: Archive) -> MlopsError:
    return fail(
        "another-history",
        f"The backup holds another {versions.model} than the one that is here.",
        where=str(archive.path),
        found="two histories without a line in common",
        accepted="a backup of this outputs folder",
        next_step=f"name another backup, or move {versions.folder} away first",
        exit_code=REFUSED,
    )


def _broken_too(model: str, archive: Archive, wrong: str) -> MlopsError:
    return fail(
        "backup-broken",
        f"The history of {model} is broken in this backup too: {wrong}.",
        where=str(archive.path),
        found=wrong,
        accepted="a history that is whole",
        next_step="name an older backup: mlops restore path=FILE",
        exit_code=REFUSED,
    )
