"""Where things are, and how a file comes to be there: a temporary name, then a rename."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PACKAGE = Path(__file__).resolve().parents[1]
SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


def packaged(folder: str) -> Path:
    """The shipped `folder` (``conf``, ``recipes``): inside the wheel, else beside the package."""
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder


def near(path: Path, folder: Path | None = None) -> str:
    """`path` as a person in `folder`, else in the working folder, would type it."""
    path, folder = path.absolute(), folder or Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def make_outputs(folder: Path) -> None:
    """Make the folder that runs write to, if it is not there; Git leaves a new one alone.

    A folder that somebody else has made may hold what Git is to see, and stays as it is.

    Raises
    ------
    OSError
        It cannot be written.
    """
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / ".gitignore", "*\n")


def _beside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write `content` to `path` so that no reader ever sees half of it.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full; nothing is left behind.
    """
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write and read that becomes `path` when the block ends without an error."""
    temporary = _beside(path)
    try:
        with temporary.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def abandoned(folder: Path) -> list[Path]:
    """Temporary files and folders below `folder` that nobody has touched for an hour.

    A writer that is killed leaves them behind; no reader ever looks at them.
    """
    since = time.time() - 3600
    found = []
    for path in folder.rglob(".*.tmp"):
        with contextlib.suppress(OSError):  # renamed since it was listed
            if path.stat().st_mtime < since:
                found.append(path)
    return found


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `path` when the block ends without an error.

    If `path` exists by then (another process made the same content), the new one is dropped.
    """
    temporary = _beside(path)
    temporary.mkdir()
    try:
        yield temporary
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
