"""A study's file that does not wait for the disk, or for anybody, at every line."""

from __future__ import annotations

import json
from typing import Any

from optuna.storages.journal import JournalFileBackend


class JournalFile(JournalFileBackend):
    """Optuna's journal for its one driver: each line goes to the system at once, in one piece.

    It is appended, so that what another program adds (a note in the dashboard) is not torn apart,
    and no lock has to be taken. Whoever is killed has lost nothing; a power cut may cost the last
    trials, and a line that it left half written is cut off when the study is opened.
    """

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write `logs`, a line each."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with open(self._file_path, "ab", buffering=0) as file:
            file.write(text.encode("utf-8"))
