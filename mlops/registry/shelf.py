"""What belongs to a version, in a folder of its own: whole or not there, and known by its hashes.

``versions/7/version.json`` lists the SHA-256 of every file beside it, and the ledger holds the
SHA-256 of that list. So the ledger knows every byte of every version.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.core.lines import parsed
from mlops.core.paths import write_whole
from mlops.core.store import digest
from mlops.registry import refusals

MANIFEST, MODEL = "version.json", "model/model.skops"
CANDIDATE = "candidate.json"


@dataclass(frozen=True)
class Candidate:
    """A run that may become a version: its folder, and what it says of itself.

    Parameters
    ----------
    folder : pathlib.Path
    about : dict
        ``run``, ``content``, ``gates`` (those that refuse), ``files`` (relative names),
        ``hashes`` (of those files that do not change any more), and whatever else is to be kept:
        data fingerprint, code state, metrics.
    """

    folder: Path
    about: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Candidate | None:
        """The candidate that a run left in its folder; None if it left none."""
        try:
            about = parsed((folder / CANDIDATE).read_bytes())
        except (OSError, ValueError):
            return None
        return cls(folder, about) if _says_enough(about) else None


class Shelf:
    """The folders of one model's versions.

    Parameters
    ----------
    folder : pathlib.Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, number: int) -> Path:
        """Folder of the version `number`."""
        return self.folder / str(number)

    @contextmanager
    def gathered(self, candidate: Candidate) -> Iterator[tuple[Path, str]]:
        """Gather a candidate's files in a temporary folder; give it and its manifest's hash.

        Whoever puts the folder in its place renames it; else it is removed.

        Raises
        ------
        MlopsError
            A file is not there, lies elsewhere, or is another one than the run wrote (exit
            code 3).
        """
        temporary = self.folder / f".{os.getpid()}.{os.urandom(4).hex()}.tmp"
        temporary.mkdir(parents=True)
        try:
            files, then = {}, candidate.about.get("hashes", {})
            for name in sorted(candidate.about["files"]):
                if wrong := _not_a_file(candidate.folder, name):
                    raise refusals.strange_file(candidate.folder, f"{name[:80]!r} {wrong}")
                _put(candidate.folder / name, temporary / name)
                files[name] = digest(temporary / name)
                if then.get(name, files[name]) != files[name]:
                    raise refusals.strange_file(candidate.folder, f"{name} was changed")
            text = json.dumps({**candidate.about, "files": files}, indent=1)
            write_whole(temporary / MANIFEST, text)
            yield temporary, hashlib.sha256(text.encode()).hexdigest()
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def put(self, gathered: Path, number: int) -> None:
        """Put a gathered folder in the place of `number`; only under the ledger's lock.

        What lies there already was left by a crash before the ledger knew it, and goes.
        """
        self.folder.mkdir(exist_ok=True)
        cleared(self.place(number))
        gathered.rename(self.place(number))

    def manifest(self, number: int) -> dict[str, Any]:
        """What a version says of itself; empty if it says nothing."""
        try:
            found = parsed((self.place(number) / MANIFEST).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def wrong(self, number: int, artefact: str) -> str:
        """What is wrong with the files of a version, in words; empty if all are as they were.

        Parameters
        ----------
        number : int
        artefact : str
            Hash of its manifest, as the ledger knows it.
        """
        folder = self.place(number)
        try:
            if wrong := _not_a_file(folder, MANIFEST):
                return f"{MANIFEST} {wrong}"
            if digest(folder / MANIFEST) != artefact:
                return f"{MANIFEST} was changed"
            for name, is_ in self.manifest(number)["files"].items():
                if wrong := _not_a_file(folder, name):
                    return f"{Path(name).name} {wrong}"
                if digest(folder / name) != is_:
                    return f"{name} was changed"
        except FileNotFoundError as error:
            return f"{Path(str(error.filename)).name} is not there"
        except (OSError, KeyError, AttributeError) as error:
            return f"it cannot be read: {error}"
        return ""


def cleared(path: Path) -> None:
    """Remove what lies there, be it a folder, a file, or a link, which is not followed."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def _says_enough(about: Any) -> bool:
    """Whether all that a version is made of is there, and of the kind it should be."""
    kinds: dict[str, Any] = {"run": str, "content": str, "gates": list, "files": (list, dict)}
    return (
        isinstance(about, dict)
        and all(isinstance(about.get(key), kind) for key, kind in kinds.items())
        and all(isinstance(each, str) for each in (*about["gates"], *about["files"]))
        and isinstance(about.get("hashes", {}), dict)
    )


def _not_a_file(folder: Path, name: str) -> str:
    """Why `name` is no file of its own in `folder`; empty if it is one. No link is followed."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts:
        return "is no name of a file in its folder"
    for path in (folder, *(folder.joinpath(*parts[:end]) for end in range(1, len(parts)))):
        if path.is_symlink():
            return "lies behind a link to elsewhere"
    try:
        mode = folder.joinpath(*parts).lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "is not there"
    if stat.S_ISLNK(mode):
        return "is a link to elsewhere"
    return "" if stat.S_ISREG(mode) else "is no file"


def _put(source: Path, target: Path) -> None:
    """A copy, no second name: what is written into the run's file later changes no version."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW), "rb") as run, target.open("xb") as own:
        shutil.copyfileobj(run, own)
        own.flush()
        os.fsync(own.fileno())
