"""`mlops clean`: frees cache, old run folders and delivered spool; shows first, acts if told."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.record import Result
from mlops.core.store import Store

GOOD_VERSIONS = 2
LONG_GONE_S = 3600


class Clean:
    """Free disk space below the outputs folder; registered versions are never touched.

    Parameters
    ----------
    apply : bool
        False only shows what would go.
    keep_runs : int
        So many newest run folders stay; so do, of each name, the last two that passed.
    cache_bytes : int
        The step cache may keep so many bytes; 0 empties it.
    """

    def __init__(self, *, apply: bool = False, keep_runs: int = 20, cache_bytes: int = 0) -> None:
        self.apply = apply
        self.keep_runs = keep_runs
        self.cache_bytes = cache_bytes

    def __call__(self, job: Job) -> Result:
        """Give one row a kind of thing: how many, how large."""
        groups = {
            "run folders": list(self._runs(job.outputs)),
            "cache entries": list(self._cache(job.outputs)),
            "left by crashes": list(_left(job.outputs)),
            "delivered records": list((job.outputs / "spool" / "delivered").glob("*.json")),
        }
        rows = [
            {"what": what, "count": len(paths), "MB": round(sum(map(_size, paths)) / 1e6, 1)}
            for what, paths in groups.items()
        ]
        if self.apply:
            for path in (path for paths in groups.values() for path in paths):
                _remove(path)
        total = sum(float(str(row["MB"])) for row in rows)
        done = "freed" if self.apply else "would be freed: mlops clean apply=true"
        says = f"{total:.1f} MB {done}"
        return Result(outcome="done", details={"says": says, "rows": rows})

    def _runs(self, outputs: Path) -> Iterator[Path]:
        """Run folders that may go: old, not in progress, not waiting, not a last good version."""
        folders = sorted((outputs / "runs").glob("*/"), key=_stamp, reverse=True)
        good: dict[str, int] = {}
        for place, folder in enumerate(folders):
            result = _result(folder)
            name = str(result.get("name", ""))
            if result.get("outcome") == "passed":
                good[name] = good.get(name, 0) + 1
                if good[name] <= GOOD_VERSIONS:
                    continue
            waits = (outputs / "spool" / f"{result.get('key', '')}.json").exists()
            if place >= self.keep_runs and not waits and not _in_progress(folder):
                yield folder

    def _cache(self, outputs: Path) -> Iterator[Path]:
        entries = Store(outputs / "cache").entries()
        excess = sum(size for _, size, _ in entries) - self.cache_bytes
        for _, size, entry in entries:
            if excess <= 0:
                return
            excess -= size
            yield entry


def _left(outputs: Path) -> Iterator[Path]:
    """Versions that were never put in their place, by processes that are long gone."""
    for path in (outputs / "registry").glob("*/versions/.*.tmp"):
        if time.time() - path.stat().st_mtime > LONG_GONE_S:
            yield path


def _stamp(folder: Path) -> str:
    return "-".join(folder.name.split("-")[-3:])


def _result(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads((folder / "result.json").read_text())
        return found if isinstance(found, dict) else {}
    return {}


def _in_progress(folder: Path) -> bool:
    from filelock import FileLock, Timeout

    if not (folder / ".lock").exists():
        return False
    try:
        with FileLock(folder / ".lock").acquire(blocking=False):
            return False
    except Timeout:
        return True


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
