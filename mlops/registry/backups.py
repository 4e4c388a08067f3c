"""The backups of an outputs folder: all versions and their histories, as they stood at a moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlops.core.errors import MlopsError, fail
from mlops.core.lines import parsed
from mlops.core.paths import SAFE_NAME, write_whole
from mlops.core.store import digest
from mlops.registry.archive import Archive, Packer, packed
from mlops.registry.versions import FOLDER, Versions

NAME, LAST, BEFORE = "backups", "last.json", "before-restore"


@dataclass(frozen=True, kw_only=True)
class LastBackup:
    """What is remembered of the last backup, wherever it was put.

    Parameters
    ----------
    path : str
    at : str
        UTC, ISO 8601.
    sha256 : str
    lines : dict of str to int
        So many acts of each model are in it.
    """

    path: str
    at: str
    sha256: str
    lines: dict[str, int]


class Backups:
    """The folder of backups.

    Parameters
    ----------
    outputs : pathlib.Path
    """

    def __init__(self, outputs: Path) -> None:
        self.outputs = outputs
        self.folder = outputs / NAME

    @classmethod
    def beside(cls, model: Path) -> Backups:
        """The backups of the outputs folder that a model's folder lies in."""
        return cls(model.parent.parent)

    def new(self, what: str = "") -> Path:
        """A name for a backup that none has, and that sorts behind the earlier ones."""
        while True:
            now = datetime.now(UTC)
            stamp = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}"
            path = self.folder / f"{stamp}{'-' if what else ''}{what}.tar"
            if not path.exists():
                return path

    def all(self) -> list[Path]:
        """Every archive in the folder, the newest first."""
        return sorted(self.folder.glob("[0-9]*.tar"), reverse=True)

    def write(self, path: Path, folders: Mapping[str, Path]) -> Archive:
        """Copy models' folders as they are; only under their ledgers' locks."""

        def pack(packer: Packer) -> None:
            for model, folder in folders.items():
                packer.add(model, folder, lines=0, versions=0, wrong=[])

        return packed(path, pack)

    def make(self, path: Path, stores: Iterable[Versions]) -> Archive:
        """Copy the folders of models, each while nobody else can change it.

        Raises
        ------
        MlopsError
            A newer release wrote one of them (exit code 3).
        OSError
            Something cannot be read or written; nothing is left behind.
        """

        def pack(packer: Packer) -> None:
            for versions in stores:
                with versions.ledger.locked():
                    lines, count, wrong = looked_at(versions)
                    about = {"lines": lines, "versions": count, "wrong": wrong}
                    packer.add(versions.model, versions.folder, **about)

        return packed(path, pack)

    def remember(self, archive: Archive) -> LastBackup:
        """Note that this is the last backup."""
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        lines = {model: int(about["lines"]) for model, about in archive.models.items()}
        last = LastBackup(
            path=str(archive.path.resolve()), at=now, sha256=archive.sha256, lines=lines
        )
        write_whole(self.folder / LAST, json.dumps(asdict(last), indent=1))
        return last

    def last(self) -> LastBackup | None:
        """The last backup that was noted; None if there is none."""
        try:
            return LastBackup(**parsed((self.folder / LAST).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def usable(self) -> list[Path]:
        """What may be restored from, the best first: the last one, and what lies in the folder.

        What was kept because it was about to be mended comes last.
        """
        last = self.last()
        noted = [Path(last.path)] if last and Path(last.path).is_file() else []
        others = [path for path in self.all() if path.resolve() not in noted]
        return noted + sorted(others, key=lambda path: path.stem.endswith(BEFORE))

    def prune(self, keep: int) -> list[Path]:
        """Remove all but the newest `keep` of the backups that nobody named, and what is the same.

        Of those in which nothing is damaged the newest one always stays.
        """
        own = [path for path in self.all() if len(path.stem.split("-")) == 3]
        same = [path for path in own[1:2] if _same(path, own[0])]
        rest = [path for path in own if path not in same]
        newest = next((path for path in rest if is_sound(path)), None)
        gone = same + [path for path in rest[keep:] if path != newest]
        for path in gone:
            path.unlink(missing_ok=True)
        return gone


def looked_at(versions: Versions) -> tuple[int, int, list[str]]:
    """How many acts and versions a model has, and what is wrong with them."""
    try:
        entries = versions.ledger.verify()
    except MlopsError as error:
        if error.problems[0].code == "newer-format":
            raise
        return 0, 0, [error.problems[0].says]
    found = versions.all(entries)
    told = [(version, versions.wrong(version)) for version in found]
    wrong = [f"{versions.model} {version}: {says}" for version, says in told if says]
    return len(entries), len(found), wrong


def is_sound(path: Path) -> bool:
    """Whether an archive is whole, and nothing was damaged when it was made."""
    try:
        return not any(about["wrong"] for about in Archive(path).models.values())
    except MlopsError:
        return False


def stored(outputs: Path) -> list[Versions]:
    """All models of which there is anything, with or without a ledger."""
    folders = [each for each in (outputs / FOLDER).glob("*/") if SAFE_NAME.match(each.name)]
    names = sorted(each.name for each in folders if any(each.glob("[!.]*")))
    return [Versions(outputs, name) for name in names]


def free_place(outputs: Path, to: str | None, project: Path) -> Path:
    """Where a new backup goes: a file that is not there yet.

    Raises
    ------
    MlopsError
        There is such a file: none is written over.
    """
    if to is None:
        return Backups(outputs).new()
    path = project / Path(to).expanduser()
    if path.is_dir():
        return path / Backups(outputs).new().name
    if path.exists():
        raise fail(
            "backup-exists",
            "There is a file of this name, and no backup is written over another file.",
            where="to",
            found=str(path),
            accepted="the name of a new file, or a folder",
            next_step="write another name, or leave `to` out",
        )
    return path


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and digest(one) == digest(other)
