"""`mlops doctor`: is everything that a run needs there and whole, and if not, what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from mlops.config.catalogue import catalogue
from mlops.config.job import Job
from mlops.core.errors import ENVIRONMENT, MlopsError, counted, listed
from mlops.core.record import Result
from mlops.core.store import Store
from mlops.registry.inspection import Finding, inspect, inspect_backup, inspect_kept

LEAST_FREE_MB = 500


class Doctor:
    """Look at packages, folders, cache, spool, tracking store, versions and project files.

    Nothing is changed, but that files of what is kept in Git are put in line with its branch.
    """

    def __call__(self, job: Job) -> Result:
        """Give one row a check; exit code 4 if something is broken."""
        checks: dict[str, Callable[[], Finding]] = {
            "python": _python,
            "packages": _packages,
            "outputs folder": lambda: _outputs(job.outputs),
            "disk": lambda: _disk(job.outputs),
            "step cache": lambda: _cache(job.outputs),
            "runs": lambda: _runs(job.outputs),
            "spool": lambda: _spool(job),
            "tracking store": lambda: _tracking(job),
            "versions": lambda: _versions(job),
            "training data": lambda: _training_data(job.outputs),
            "backup": lambda: _backup(job),
            "option files": _options,
        }
        rows = [_row(name, check) for name, check in checks.items()]
        broken = sum(row["state"] == "broken" for row in rows)
        look = sum(row["state"] == "look" for row in rows)
        says = f"{look} of {len(rows)} checks found something" if look else "everything is in order"
        says = f"{broken} of {len(rows)} checks failed" if broken else says
        return Result(
            outcome="failed" if broken else "done",
            exit_code=ENVIRONMENT if broken else 0,
            details={"says": says, "rows": rows},
        )


def _row(name: str, check: Callable[[], Finding]) -> dict[str, Any]:
    try:
        state, found, repair = check()
    except MlopsError as error:
        first = error.problems[0]
        state, found, repair = "broken", f"{first.says} {first.found}", first.next_step
    except OSError as error:
        state, found, repair = "broken", str(error), "look at the folder's owner and mode"
    return {"check": name, "state": state, "found": found, "repair": repair}


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return "ok", found, ""


def _packages() -> Finding:
    """Every requirement of ours against what is installed."""
    from packaging.requirements import Requirement

    wrong = []
    for line in requires("mlops") or []:
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            if not needed.specifier.contains(version(needed.name), prereleases=True):
                wrong.append(f"{needed.name} {version(needed.name)} (needs {needed.specifier})")
        except PackageNotFoundError:
            wrong.append(f"no {needed.name}")
    if wrong:
        return "broken", ", ".join(wrong), "pip install --upgrade mlops"
    return "ok", f"mlops {version('mlops')} and what it needs", ""


def _outputs(outputs: Path) -> Finding:
    if not outputs.exists():
        above = next(each for each in outputs.parents if each.exists())
        if not os.access(above, os.W_OK):
            return "broken", f"cannot be made in {above}", "write outputs=OTHER_FOLDER"
        return "ok", "not there yet: the first run makes it", ""
    probe = outputs / ".doctor"
    probe.write_text("")
    probe.unlink()
    return "ok", "can be written", ""


def _disk(outputs: Path) -> Finding:
    place = next(each for each in (outputs, *outputs.parents) if each.exists())
    free_mb = shutil.disk_usage(place).free // 10**6
    if free_mb < LEAST_FREE_MB:
        return "broken", f"{free_mb:,} MB free", "mlops clean apply=true"
    return "ok", f"{free_mb:,} MB free", ""


def _cache(outputs: Path) -> Finding:
    """Read every entry as a run would, which makes a corrupt one anew."""
    store = Store(outputs / "cache")
    entries = store.entries()
    corrupt = [each for _, _, each in entries if not store.is_whole(each.parent.name, each.name)]
    size_mb = sum(size for _, size, _ in entries) / 1e6
    if corrupt:
        says = f"{len(corrupt)} of {len(entries)} entries are corrupt"
        return "look", says, "mlops clean apply=true"
    return "ok", f"{len(entries)} entries, {size_mb:.1f} MB, all whole", ""


def _runs(outputs: Path) -> Finding:
    folders = list((outputs / "runs").glob("*/"))
    unfinished = [each for each in folders if not (each / "result.json").exists()]
    says = counted(len(folders), "run folder")
    if unfinished:
        return "look", f"{says}, {len(unfinished)} without a result", "mlops clean apply=true"
    return "ok", says, ""


def _spool(job: Job) -> Finding:
    """What waits for the server of today, and what was meant for another one."""
    from mlops.tracker.address import Address
    from mlops.tracker.sync import pending

    folder = job.outputs / "spool"
    refused = list((folder / "refused").glob("*.json"))
    if refused:
        return "look", f"{counted(len(refused), 'record')} refused for good", f"read {refused[0]}"
    waiting = pending(job.outputs) if folder.is_dir() else {}
    own = Address.of(job.outputs, getattr(job.part("tracker"), "uri", None)).target
    elsewhere = sorted({at for at in waiting.values() if at not in ("", own)})
    if elsewhere:
        count = sum(at in elsewhere for at in waiting.values())
        says = f"{_waits(count)} for {listed(elsewhere)}"
        return "look", says, "mlops sync adopt=true"
    if waiting:
        return "look", _waits(len(waiting)), "mlops sync"
    return "ok", "nothing waits", ""


def _waits(count: int) -> str:
    return f"{counted(count, 'record')} {'waits' if count == 1 else 'wait'}"


def _tracking(job: Job) -> Finding:
    from mlops.tracker import prepared
    from mlops.tracker.address import Address

    address = Address.of(job.outputs, getattr(job.part("tracker"), "uri", None))
    if away := address.unreachable():
        return "look", f"{address.shown}: {away}", "runs go on; `mlops sync` delivers later"
    database = address.database
    if database is None or not database.exists():
        return "ok", address.shown, ""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            answer = connection.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        repair = f"move {database.name} away; the next run makes a new one, run folders stay"
        return "broken", f"{database.name}: {answer}", repair
    assert address.artifacts is not None
    prepared.ready(database, address.artifacts)
    return "ok", f"{database.name} is whole", ""


def _versions(job: Job) -> Finding:
    """In the outputs folder, unless the registry keeps them elsewhere."""
    from mlops.flow.witnesses import lost, witnesses

    if kept := getattr(job.part("registry"), "kept", None):
        return inspect_kept(*kept(job.outputs))
    outputs = job.outputs
    return inspect(outputs, lambda versions: witnesses(outputs, versions), lost(outputs))


def _training_data(outputs: Path) -> Finding:
    """What versions were trained on, kept so that it can be had back."""
    from mlops.core.snapshot import is_kept, pinned

    keys = pinned(outputs)
    damaged = [key for key in sorted(keys) if not is_kept(key, outputs)]
    says = f"{counted(len(keys), 'data set')} of versions"
    if damaged:
        repair = "a run in full mode on the same data keeps it anew"
        return "look", f"{says}, {len(damaged)} damaged: {damaged[0]}", repair
    return "ok", f"{says}, all whole" if keys else "nothing is kept yet", ""


def _backup(job: Job) -> Finding:
    if hasattr(job.part("registry"), "kept"):
        return "ok", "none; every act is kept in Git", ""
    return inspect_backup(job.outputs)


def _options() -> Finding:
    """Every option and recipe file is read."""
    found = catalogue()
    problems = [str(error.problems[0].where) for error in _unreadable(found)]
    count = sum(len(found.options(group)) for group in [*found.groups, "recipe"])
    if problems:
        return "broken", f"cannot be read: {', '.join(problems[:3])}", "mlops check shows why"
    return "ok", f"{count} options and recipes", ""


def _unreadable(found: Any) -> Iterator[MlopsError]:
    for group in [*found.groups, "recipe"]:
        for name in found.options(group):
            try:
                if group != "recipe":
                    found.option(group, name)
                elif problems := found.recipe(name).problems:
                    yield MlopsError(*problems)
            except MlopsError as error:
                yield error
