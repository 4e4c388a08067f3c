"""A study's file that does not wait for the disk at every line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

GRACE_S = 3  # a lock that is held longer was left behind by a signal


class LinkLock(JournalFileSymlinkLock):
    """Optuna's lock, given back without a word where a signal came in between."""

    def release(self) -> None:
        """Remove the link, if it is there."""
        Path(self._lock_file).unlink(missing_ok=True)


class JournalFile(JournalFileBackend):
    """Optuna's journal, each line handed to the system at once, and to the disk when it likes.

    Whoever is killed has lost nothing; a power cut may cost the last trials, and a line that it
    left half written is cut off when the study is opened.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, LinkLock(path, grace_period=GRACE_S))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write `logs`, a line each."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        try:
            self._lock.acquire()
            with open(self._file_path, "ab", buffering=0) as file:
                file.write(text.encode("utf-8"))
        finally:
            self._lock.release()
