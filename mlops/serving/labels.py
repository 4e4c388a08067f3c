"""Labels on disk: what was true of the rows of earlier requests, the last word on each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MOST = 5_000_000  # the oldest go
_TABLE = """
CREATE TABLE IF NOT EXISTS labels (
    request_id TEXT NOT NULL, row INTEGER NOT NULL, label TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (request_id, row))
"""
_BEFORE = "SELECT label FROM labels WHERE request_id = ? AND row = ?"
_KEEP = """
INSERT INTO labels VALUES (?, ?, ?, ?) ON CONFLICT (request_id, row)
DO UPDATE SET label = excluded.label, at = excluded.at
"""
_TRIM = "DELETE FROM labels WHERE rowid <= (SELECT MAX(rowid) FROM labels) - ?"


class LabelStore:
    """A database of labels with one writer; what it has taken is on disk.

    Parameters
    ----------
    path : pathlib.Path
    most : int
        Labels that are kept.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = LabelStore(Path(folder.name) / "labels.sqlite")
    >>> store.keep([("a-1", 0, "good")]), store.keep([("a-1", 0, "bad"), ("a-2", 0, 3.5)])
    ({'kept': 1, 'same': 0, 'replaced': 0}, {'kept': 1, 'same': 0, 'replaced': 1})
    >>> store.close()
    >>> [each[:3] for each in read(Path(folder.name) / "labels.sqlite")]
    [('a-1', 0, 'bad'), ('a-2', 0, 3.5)]
    >>> folder.cleanup()
    """

    def __init__(self, path: Path, most: int = MOST) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.most = most
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.execute(_TABLE)

    def keep(self, labels: Sequence[tuple[str, int, Any]]) -> dict[str, int]:
        """Write labels, all or none; give how many are new, known already, and changed.

        Raises
        ------
        sqlite3.Error
            Nothing was written.
        """
        told = {"kept": 0, "same": 0, "replaced": 0}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._base.execute("BEGIN IMMEDIATE")
        try:
            for request_id, row, label in labels:
                text = json.dumps(label)
                before = self._base.execute(_BEFORE, (request_id, row)).fetchone()
                if before == (text,):
                    told["same"] += 1
                    continue
                self._base.execute(_KEEP, (request_id, row, text, now))
                told["kept" if before is None else "replaced"] += 1
            self._base.execute(_TRIM, (self.most,))
            self._base.execute("COMMIT")
        except BaseException:
            if self._base.in_transaction:  # where the disk is full it has ended by itself
                self._base.execute("ROLLBACK")
            raise
        return told

    def close(self) -> None:
        """Be done with it."""
        self._base.close()


def read(path: Path) -> Iterator[tuple[str, int, Any, str]]:
    """All labels: request id, row, label, when it was told (UTC, ISO 8601)."""
    base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        for request_id, row, label, at in base.execute("SELECT * FROM labels ORDER BY rowid"):
            yield request_id, row, json.loads(label), at
    finally:
        base.close()
