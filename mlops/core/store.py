"""The one content store: results under their key, whole or not there, verified when read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.core.lines import parsed
from mlops.core.paths import whole_folder

MANIFEST = "manifest.json"
MOST_BYTES = 2_000_000_000


def key_of(parts: Any) -> str:
    """Hash of plain data: equal data has an equal key in every process.

    >>> key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Store:
    """Entries are folders ``KIND/KEY`` of files with a manifest of their hashes.

    Parameters
    ----------
    folder : pathlib.Path
    most_bytes : int
        Entries used longest ago go when there is more.
    """

    folder: Path
    most_bytes: int = MOST_BYTES

    def get(self, kind: str, key: str) -> Path | None:
        """The folder of an entry whose files are all as they were written, or None.

        A corrupt entry is removed, so that it is made anew.
        """
        was_there = self.has(kind, key)
        if not self.is_whole(kind, key):
            if was_there:  # else somebody may have put it there this very moment
                self.remove(kind, key)
            return None
        self.touch(kind, key)
        return self.folder / kind / key

    def touch(self, kind: str, key: str) -> None:
        """Have an entry count as used now."""
        with contextlib.suppress(OSError):  # a read-only cache can still be read
            os.utime(self.folder / kind / key)

    def is_whole(self, kind: str, key: str) -> bool:
        """Whether there is such an entry, and all its files are as they were written."""
        entry = self.folder / kind / key
        try:
            manifest = parsed((entry / MANIFEST).read_text())
            names = {path.name for path in entry.iterdir()} - {MANIFEST}
            return names == manifest.keys() and all(
                digest(entry / name) == manifest[name] for name in names
            )
        except (OSError, ValueError, AttributeError):
            return False

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such an entry, whole or not."""
        return (self.folder / kind / key).exists()

    def remove(self, kind: str, key: str) -> None:
        """Remove an entry, if it is there."""
        shutil.rmtree(self.folder / kind / key, ignore_errors=True)

    @contextlib.contextmanager
    def put(self, kind: str, key: str) -> Iterator[Path]:
        """Give a folder to write an entry's files into; it appears when the block ends well."""
        with whole_folder(self.folder / kind / key) as temporary:
            yield temporary
            manifest = {path.name: digest(path) for path in temporary.iterdir()}
            (temporary / MANIFEST).write_text(json.dumps(manifest))

    def entries(self) -> list[tuple[float, int, Path]]:
        """Every entry as (time of last use, bytes, folder), the longest unused first."""
        found = []
        for entry in self.folder.glob("*/[!.]*/"):  # not what is being written
            with contextlib.suppress(OSError):
                size = sum(path.stat().st_size for path in entry.iterdir())
                found.append((entry.stat().st_mtime, size, entry))
        return sorted(found)

    def trim(self) -> int:
        """Remove the entries longest unused until the store is within its bound; bytes freed."""
        entries = self.entries()
        excess = sum(size for _, size, _ in entries) - self.most_bytes
        freed = 0
        for _, size, entry in entries:
            if freed >= excess:
                break
            shutil.rmtree(entry, ignore_errors=True)
            freed += size
        return freed
