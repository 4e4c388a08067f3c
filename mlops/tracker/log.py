"""The recorder's log: bounded, and without secrets."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from mlops.tracker.address import Address

_MOST_BYTES = 200_000


def write_to(path: Path, address: Address) -> None:
    """Send what this process prints to standard error, which is opened on `path`, scrubbed."""
    if path.exists() and path.stat().st_size > _MOST_BYTES:
        os.truncate(path, 0)  # everybody appends to it: the next line starts it anew
    sys.stdout = sys.stderr = Scrubbed(sys.stderr, address)  # type: ignore[assignment]


class Scrubbed:
    """A text stream that lets no secret of `address` through.

    Parameters
    ----------
    stream : text file
    address : Address
    """

    encoding = "utf-8"

    def __init__(self, stream: IO[str], address: Address) -> None:
        self._stream, self._address = stream, address

    def write(self, text: str) -> int:
        """Write `text` without its secrets."""
        self._stream.write(self._address.scrubbed(text))
        return len(text)

    def flush(self) -> None:
        """Hand everything to the file."""
        with contextlib.suppress(ValueError, OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        """No colours here."""
        return False

    def fileno(self) -> int:
        """The file's number."""
        return self._stream.fileno()
