"""`mlops clean`: frees cache, old runs and their data, delivered spool; shows first."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.lines import parsed
from mlops.core.paths import abandoned
from mlops.core.record import Result
from mlops.core.store import Store
from mlops.flow.kept_data import not_needed

GOOD_VERSIONS = 2


class Clean:
    """Free disk space below the outputs folder; registered versions are never touched.

    Parameters
    ----------
    apply : bool
        False only shows what would go.
    keep_runs : int
        So many newest run folders stay; so do, of each registered model, the runs of the
        last two versions. The data of what stays, and of every version, stays too.
    cache_bytes : int
        The step cache may keep so many bytes; 0 empties it.
    """

    def __init__(self, *, apply: bool = False, keep_runs: int = 20, cache_bytes: int = 0) -> None:
        self.apply = apply
        self.keep_runs = keep_runs
        self.cache_bytes = cache_bytes

    def __call__(self, job: Job) -> Result:
        """Give one row a kind of thing: how many, how large."""
        runs = list(self._runs(job.outputs))
        groups = {
            "run folders": runs,
            "snapshots of data": list(not_needed(job.outputs, runs)),
            "cache entries": list(self._cache(job.outputs)),
            "delivered records": list(_delivered(job.outputs / "spool")),
            "never finished": abandoned(job.outputs),
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
        good = _last_good([_result(folder) for folder in folders])
        for folder in folders[self.keep_runs :]:
            if _stamp(folder) not in good and not _is_needed(outputs, folder):
                yield folder

    def _cache(self, outputs: Path) -> Iterator[Path]:
        entries = Store(outputs / "cache").entries()
        excess = sum(size for _, size, _ in entries) - self.cache_bytes
        for _, size, entry in entries:
            if excess <= 0:
                return
            excess -= size
            yield entry


def _delivered(spool: Path) -> Iterator[Path]:
    """Notes of delivered records, but of a run that still counts as begun."""
    for path in (spool / "delivered").glob("*.json"):
        if not (spool / "started" / path.name).exists():
            yield path


def _stamp(folder: Path) -> str:
    """The run key, which a run folder's name ends in; newer ones sort last."""
    return "-".join(folder.name.split("-")[-3:])


def _result(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = parsed((folder / "result.json").read_text())
        if isinstance(found, dict) and isinstance(found.get("details"), dict):
            return found
    return {"details": {}}


def _last_good(results: list[dict[str, Any]]) -> set[str]:
    """Keys of the runs behind the last versions of each registered model, and of their sweeps.

    A run tells the name its model is registered under, a sweep that of its winners.
    """
    told = [(_key(each), each["details"].get("registers")) for each in results]
    sweeps = [(key, winners) for key, winners in told if isinstance(winners, dict)]
    names = {key: name for key, name in told if isinstance(name, str) and name}
    names.update({key: name for _, winners in sweeps for key, name in winners.items()})
    counts: Counter[str] = Counter()
    good = set()
    for key in sorted(names, reverse=True):
        counts[names[key]] += 1
        if counts[names[key]] <= GOOD_VERSIONS:
            good.add(key)
    return good | {key for key, winners in sweeps if good & winners.keys()}


def _key(result: dict[str, Any]) -> str:
    return _stamp(Path(str(result.get("folder", ""))))


def _is_needed(outputs: Path, folder: Path) -> bool:
    """Whether a run goes on in `folder`, or records wait that are to take files from it."""
    from mlops.tracker.started import is_running

    if any(is_running(lock.parent) for lock in folder.rglob(".lock")):
        return True
    return any((outputs / "spool").glob(f"{_stamp(folder)}*.json"))


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def _remove(path: Path) -> None:
    """Remove `path`; another command may be doing the same.

    Raises
    ------
    OSError
        It is still there.
    """
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)  # all that can go
        if path.exists():
            raise
