"""Where the recorder of an address is found, and where it tells those who wait why they do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.lines import parsed
from mlops.core.paths import write_whole

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from mlops.tracker.address import Address


class Office:
    """The files beside the records that are the recorder's own: its lock, its log, its word.

    Parameters
    ----------
    folder : pathlib.Path
        Of the spool.
    address : Address or None
        None where nobody delivers.
    """

    def __init__(self, folder: Path, address: Address | None) -> None:
        self.folder, self.address = folder, address

    @property
    def lock(self) -> BaseFileLock:
        """Held by the one recorder of this address."""
        from filelock import FileLock

        return FileLock(self.beside("lock"))

    def is_served(self) -> bool:
        """Whether a recorder holds the lock at this moment."""
        from filelock import Timeout

        try:
            with self.lock.acquire(blocking=False):
                return False
        except Timeout:
            return True

    def beside(self, kind: str) -> Path:
        """The recorder's ``lock``, ``log`` or ``state`` file."""
        return self.folder / f"recorder-{self.address.slug if self.address else 'none'}.{kind}"

    def say(
        self, *, away: str = "", troubled: dict[str, str] | None = None, at_ms: int = 0
    ) -> None:
        """Tell those who wait why they wait; nothing to say removes the file.

        Parameters
        ----------
        away : str
            Why nothing can be delivered.
        troubled : dict of str to str
            Why single records were not, by key.
        at_ms : int
            When the attempt began: what it found says nothing about any later moment.
        """
        if not away and not troubled:
            self.beside("state").unlink(missing_ok=True)
            return
        state = {"at_ms": at_ms, "away": away, "troubled": troubled or {}}
        write_whole(self.beside("state"), json.dumps(state, indent=1))

    def said(self) -> dict[str, Any]:
        """The last :meth:`say`: ``at_ms``, ``away``, ``troubled``."""
        try:
            found: dict[str, Any] = parsed(self.beside("state").read_text(encoding="utf-8"))
            return found
        except (OSError, ValueError):
            return {"at_ms": 0, "away": "", "troubled": {}}
