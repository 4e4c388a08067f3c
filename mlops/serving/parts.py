"""The request log on disk: parquet files, bounded; no reader ever sees half of one.

A part holds rows of one version. It is written anew, whole, every few seconds until it is full;
then another begins. Columns: ``request_id``, ``row``, ``at``, ``version``, ``role``, ``route``,
``seconds``, ``prediction``, ``probability.<class>`` and ``input.<column>``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from mlops.core.paths import whole_file

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FULL_ROWS = 20_000
FULL_S = 3600.0
MOST_OPEN = 4  # parts; those that got nothing for longest are closed
MOST_PARTS = 10_000
PATTERN = "*.parquet"
LOOK_S = 2.0  # for files that are looked through for the first time
ASKED = ("at", "request_id", "role", "route", "seconds")  # the beginning of an entry


@dataclass
class Part:
    """Rows that have gathered for one file."""

    path: Path
    version: int
    inputs: list[tuple[str, str]]
    classes: list[str]
    began: float = field(default_factory=time)
    entries: list[Any] = field(default_factory=list)
    rows: int = 0
    written: int = 0

    def add(self, entries: list[Any]) -> None:
        """More requests."""
        self.entries += entries
        self.rows += sum(len(entry[5]) for entry in entries)

    @property
    def is_full(self) -> bool:
        """Whether another part is to begin."""
        return self.rows >= FULL_ROWS or time() - self.began > FULL_S

    def write(self) -> None:
        """Write what has been gathered, if some of it is new."""
        if self.rows == self.written:
            return
        import pyarrow.parquet as pq

        table = self.table()
        with whole_file(self.path) as file:
            pq.write_table(table, file, compression="zstd")
        self.written = self.rows

    def table(self) -> pa.Table:
        """Its rows, in columns."""
        import numpy as np
        import pyarrow as pa

        at, *told, rows, values, chances = zip(*self.entries, strict=True)
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        of = np.repeat(np.arange(len(rows)), counts)  # the request of each row
        first = np.repeat(np.cumsum(counts) - counts, counts)
        asked = ((np.array(at) * 1e6).astype(np.int64), *told)
        columns = {
            name: pa.array(each, _type(name)).take(pa.array(of))
            for name, each in zip(ASKED, asked, strict=True)
        }
        columns["row"] = pa.array(np.arange(len(of)) - first, pa.int32())
        columns["version"] = pa.array(np.full(len(of), self.version), pa.int32())
        columns["prediction"] = _column(list(chain.from_iterable(values)))
        likely = zip(*chain.from_iterable(each or () for each in chances), strict=True)
        for name, column in zip(self.classes, likely, strict=False):  # a number has none
            columns[f"probability.{name}"] = pa.array(column)
        sent = zip(*chain.from_iterable(rows), strict=True)
        for (name, kind), column in zip(self.inputs, sent, strict=True):
            columns[f"input.{name}"] = pa.array(column, _type(kind))
        return pa.table(columns)


def _type(called: str) -> pa.DataType:
    """Of what a request says of itself, or of an input's kind."""
    import pyarrow as pa

    found: pa.DataType = {
        "at": pa.timestamp("us", "UTC"),
        "seconds": pa.float32(),
        "number": pa.float64(),
    }.get(called, pa.string())
    return found


def _column(values: list[Any]) -> Any:
    """Numbers as numbers; labels of several kinds as texts."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except pa.ArrowException:
        return pa.array([str(each) for each in values])


class Parts:
    """The folder of parts.

    Parameters
    ----------
    folder : pathlib.Path
    log_mb : float
        At most so much is kept; the oldest goes.
    """

    def __init__(self, folder: Path, log_mb: float) -> None:
        self.folder, self.most = folder, int(log_mb * 2**20)
        self._open: dict[tuple[Any, ...], Part] = {}
        self._known: dict[Path, np.ndarray] = {}
        self._numbers = 0

    def add(self, batch: dict[str, Any]) -> None:
        """Take a batch of one version, see :func:`mlops.serving.request_log.batch`."""
        inputs = [tuple(each) for each in batch["inputs"]]
        key = (batch["version"], *inputs)
        part = self._open.pop(key, None)
        if part is None:
            path = self._next(batch["version"])
            part = Part(path, batch["version"], inputs, batch["classes"])
        self._open[key] = part
        part.add(batch["entries"])
        if part.is_full or len(self._open) > MOST_OPEN:
            self.write()

    def _next(self, version: int) -> Path:
        self._numbers += 1
        began = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        return self.folder / f"{began}-{os.getpid()}-{self._numbers}-v{version}.parquet"

    def write(self) -> None:
        """Write what is new; then let the oldest go, if there is too much.

        Raises
        ------
        OSError
            The rows stay for the next time, as many as a part holds.
        """
        for key, part in list(self._open.items()):
            try:
                part.write()
            finally:
                if part.is_full or len(self._open) > MOST_OPEN:
                    del self._open[key]
        self._trim()

    def _trim(self) -> None:
        found = sorted(self.folder.glob(PATTERN))
        sizes = [path.stat().st_size for path in found]
        total, writing = sum(sizes), {part.path for part in self._open.values()}
        for path, size in zip(found, sizes, strict=True):
            if (total <= self.most and len(found) - len(writing) <= MOST_PARTS) or path in writing:
                continue
            path.unlink(missing_ok=True)
            self._known.pop(path, None)
            total -= size

    def unknown(self, told: list[tuple[str, int]]) -> list[int]:
        """Places of those, request id and row, that are not in the log.

        None at all, if looking through it takes too long: the next call goes on from there.
        """
        fresh: dict[str, int] = {}  # how many rows
        for entry in chain.from_iterable(part.entries for part in self._open.values()):
            fresh[entry[1]] = max(len(entry[5]), fresh.get(entry[1], 0))
        away = [at for at, (name, row) in enumerate(told) if row >= fresh.get(name, 0)]
        if not away:
            return []
        import numpy as np

        wanted = np.array([hash(told[at]) for at in away])
        seen = np.zeros(len(away), dtype=bool)
        until = monotonic() + LOOK_S
        for path in sorted(self.folder.glob(PATTERN), reverse=True):  # the last ones first
            if path not in self._known and monotonic() > until:
                return []
            seen |= np.isin(wanted, self._hashes(path))
        return [at for at, is_seen in zip(away, seen.tolist(), strict=True) if not is_seen]

    def _hashes(self, path: Path) -> np.ndarray:
        """Of the rows in a file that changes no more, eight bytes each; read once."""
        import numpy as np
        import pyarrow.parquet as pq

        if path in {part.path for part in self._open.values()}:
            return np.empty(0, dtype=np.int64)
        if path not in self._known:
            columns = pq.read_table(path, columns=["request_id", "row"]).columns
            rows = zip(*(column.to_pylist() for column in columns), strict=True)
            self._known[path] = np.array([hash(each) for each in rows], dtype=np.int64)
        return self._known[path]
