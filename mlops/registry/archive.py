"""One file that holds copies of models' folders, and the SHA-256 of all that is in it.

It is a plain tar without compression: regular files only, in the order of their names, without
owners and dates, so that the same folders make the same file. Its last member, ``backup.json``,
lists the hash of every other one. Nothing of an archive is used before all of it was read, and
nothing is ever written to a place that the archive names.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mlops.core.errors import REFUSED, USER, MlopsError, fail
from mlops.core.lines import parsed
from mlops.core.paths import SAFE_NAME, whole_file
from mlops.registry.format import StoreFormat, release

MANIFEST, TOP, FORMAT = "backup.json", "registry", 1
MOST_MEMBERS, MOST_PARTS, PIECE = 1_000_000, 12, 2**20
_STRANGE = re.compile(r"[\x00-\x1f\\]")


class Packer:
    """Adds folders to an archive that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self._files: dict[str, str] = {}
        self._models: dict[str, dict[str, Any]] = {}

    def add(self, model: str, folder: Path, **about: Any) -> None:
        """Copy what lies in the folder of `model`; no link is followed, none is kept.

        Parameters
        ----------
        model : str
        folder : pathlib.Path
        **about : object
            Plain data, to be kept with it.

        Raises
        ------
        OSError
            A file cannot be read.
        """
        left_out = []
        for path in _below(folder):
            name = path.relative_to(folder).as_posix()
            if not stat.S_ISREG(path.lstat().st_mode) or not os.access(path, os.R_OK):
                left_out.append(name)
            else:
                self._put(f"{TOP}/{model}/{name}", path)
        self._models[model] = {**about, "left_out": left_out}

    def finish(self) -> None:
        """Write the list of hashes behind everything else."""
        about = {"format": FORMAT, "release": release(), "models": self._models}
        text = json.dumps({**about, "files": self._files}, indent=1, sort_keys=True).encode()
        self._tar.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
        self._tar.close()

    def _put(self, name: str, path: Path) -> None:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            reader = _Hashed(file)
            self._tar.addfile(_member(name, os.fstat(file.fileno()).st_size), reader)
            self._files[name] = reader.hash.hexdigest()


class Archive:
    """An archive that was read to its end and found whole and harmless.

    Parameters
    ----------
    path : pathlib.Path

    Attributes
    ----------
    models : dict of str to dict
        What is kept of each model.
    files : dict of str to str
        Name to SHA-256.
    sha256 : str
        Of the whole file.

    Raises
    ------
    MlopsError
        It is not there (exit code 2), or is not what :class:`Packer` wrote (3).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as (file, tar):
            file.seek(0)
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            members = self._members(tar, os.fstat(file.fileno()).st_size)
            about = self._about(tar, members)
            self.models: dict[str, dict[str, Any]] = about["models"]
            self.files: dict[str, str] = about["files"]
            for name in self.files:
                self._same(name, _read(tar, members[name], None))

    def names(self, model: str, below: str = "") -> list[str]:
        """What is kept of `model` in its folder itself, or in the folder `below` of it."""
        top = f"{TOP}/{model}/{below}"
        found = [name.removeprefix(top) for name in self.files if name.startswith(top)]
        return [name for name in found if below or "/" not in name]

    def extract(self, model: str, below: str, folder: Path) -> None:
        """Write :meth:`names` into `folder`.

        Raises
        ------
        MlopsError
            The archive was changed since it was read (exit code 3).
        OSError
            There is no room for them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {f"{TOP}/{model}/{below}{name}": name for name in self.names(model, below)}
        with self._opened() as (_, tar):
            members = [each for each in tar if each.name in wanted]
            if sum(each.size for each in members) > shutil.disk_usage(folder).free:
                raise OSError(errno.ENOSPC, "no room to unpack the backup", str(folder))
            for member in members:
                path = folder / wanted[member.name]
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as file:
                    self._same(member.name, _read(tar, member, file))
                    file.flush()
                    os.fsync(file.fileno())

    @contextmanager
    def _opened(self) -> Iterator[tuple[io.BufferedReader, tarfile.TarFile]]:
        if not self.path.is_file():
            raise fail(
                "no-backup",
                "The backup is not there.",
                where=str(self.path),
                found="no such file",
                accepted="a file that mlops backup wrote",
                next_step="mlops doctor says which backup is the last one",
                exit_code=USER,
            )
        try:
            with self.path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
                yield file, tar
        except (tarfile.TarError, UnicodeError, OverflowError, ValueError, KeyError) as error:
            raise self._refused(f"it cannot be read: {error}") from error

    def _members(self, tar: tarfile.TarFile, size: int) -> dict[str, tarfile.TarInfo]:
        """Look at the head of every member; nothing of what is in them is used."""
        found: dict[str, tarfile.TarInfo] = {}
        for member in tar:
            size -= max(member.size, 0)
            if wrong := _strange(member, found, size):
                raise self._refused(f"{member.name[:80]!r} {wrong}")
            found[member.name] = member
        return found

    def _about(self, tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> dict[str, Any]:
        file = tar.extractfile(members[MANIFEST]) if MANIFEST in members else None
        if file is None:
            raise self._refused(f"no {MANIFEST} in it, which lists what it holds")
        about = parsed(file.read())
        if not isinstance(about, dict) or type(about.get("format")) is not int:
            raise self._refused(f"{MANIFEST} says nothing that mlops writes")
        written = StoreFormat(number=about["format"], release=str(about.get("release", "")))
        written.refuse_newer(self.path, most=FORMAT)
        files, models = about.get("files"), about.get("models")
        if not isinstance(files, dict) or not isinstance(models, dict):
            raise self._refused(f"{MANIFEST} says nothing that mlops writes")
        if files.keys() != members.keys() - {MANIFEST}:
            raise self._refused(f"it holds other files than {MANIFEST} lists")
        if {name.split("/")[1] for name in files} - models.keys():
            raise self._refused(f"it holds other models than {MANIFEST} lists")
        return about

    def _same(self, name: str, sha256: str) -> None:
        if sha256 != self.files[name]:
            raise self._refused(f"{name} was changed")

    def _refused(self, found: str) -> MlopsError:
        return fail(
            "backup-refused",
            "This backup is not one that can be trusted; nothing was written.",
            where=str(self.path),
            found=found,
            accepted="a whole, unchanged file that mlops backup wrote",
            next_step="name another backup: mlops restore path=FILE",
            exit_code=REFUSED,
        )


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data


def packed(path: Path, pack: Callable[[Packer], None]) -> Archive:
    """Write an archive, read it again, and only then give it its name.

    Parameters
    ----------
    path : pathlib.Path
    pack : callable
        Adds what is to be in it.

    Raises
    ------
    OSError
        Something cannot be read or written; nothing is left behind.
    MlopsError
        What was written is not what can be read.
    """
    with whole_file(path) as file:
        packer = Packer(file)
        pack(packer)
        packer.finish()
        file.flush()
        written = Archive(Path(file.name))
    written.path = path
    return written


def _below(folder: Path) -> Iterator[Path]:
    """Files and links below `folder`, but for what is being written, and locks."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)
        else:
            yield path


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def _strange(member: tarfile.TarInfo, known: dict[str, tarfile.TarInfo], left: int) -> str:
    """Why a member is none that :class:`Packer` writes; empty if it is one."""
    if member.type != tarfile.REGTYPE or member.issparse():
        return "is a link, a folder or a device: only files are kept"
    if member.size < 0 or left < 0:
        return "is larger than the whole archive"
    if member.name in known or len(known) >= MOST_MEMBERS:
        return "is there twice, or is one of too many"
    top, *parts = member.name.split("/")
    if member.name == MANIFEST:
        return ""
    safe = top == TOP and 2 <= len(parts) <= MOST_PARTS and SAFE_NAME.match(parts[0])
    if not safe or _STRANGE.search(member.name) or {"", ".", ".."} & set(parts):
        return f"is no name below {TOP}"
    if hasattr(tarfile, "data_filter"):  # what Python itself holds to be dangerous
        tarfile.data_filter(member, os.curdir)
    return ""


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo, target: BinaryIO | None) -> str:
    """SHA-256 of a member; its bytes go into `target`, if there is one."""
    file, sha256 = tar.extractfile(member), hashlib.sha256()
    assert file is not None
    while piece := file.read(PIECE):
        sha256.update(piece)
        if target is not None:
            target.write(piece)
    return sha256.hexdigest()
