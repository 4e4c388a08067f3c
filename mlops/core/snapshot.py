"""Data sets as files, and those that runs and versions refer to: each kept once, by content."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.errors import MlopsError, fail
from mlops.core.lines import parsed
from mlops.core.paths import write_whole
from mlops.core.store import Store, key_of

KIND, PINNED, ABOUT = "datasets", "pinned", "about.json"
KEY = re.compile(r"^[0-9a-f]{32}$")  # whatever a file says, a key leads to no other folder


def write_dataset(dataset: Dataset, folder: Path) -> None:
    """Write `dataset` into `folder` as parquet and JSON."""
    dataset.frame.to_parquet(folder / "frame.parquet")
    about = {
        "columns": [asdict(column) for column in dataset.columns],
        "task": {**asdict(dataset.task), "costs": list(dataset.task.costs.items())},
        "fingerprint": dataset.fingerprint,
        "source": dataset.source,
        "notes": dataset.notes,
    }
    (folder / ABOUT).write_text(json.dumps(about))


def read_dataset(folder: Path) -> Dataset:
    """Read what :func:`write_dataset` wrote."""
    import pandas as pd

    about = parsed((folder / ABOUT).read_text())
    task = about["task"]
    task |= {"classes": tuple(task["classes"]), "costs": dict(task["costs"])}
    return Dataset(
        frame=pd.read_parquet(folder / "frame.parquet"),
        columns=tuple(Column(**each) for each in about["columns"]),
        task=Task(**task),
        fingerprint=about["fingerprint"],
        source=about["source"],
        notes=tuple(about["notes"]),
    )


def snapshots(outputs: Path) -> Store:
    """The store of data sets that runs and versions refer to; `clean` frees what none does."""
    return Store(outputs / "snapshots")


def write_snapshot(dataset: Dataset, outputs: Path) -> str:
    """Keep `dataset`, unless the same is kept already; return its key."""
    about = [asdict(dataset.task), [asdict(column) for column in dataset.columns]]
    key, store = key_of([dataset.fingerprint, about]), snapshots(outputs)
    if store.get(KIND, key) is None:  # a damaged one is made anew
        with store.put(KIND, key) as folder:
            write_dataset(dataset, folder)
    return key


def read_snapshot(about: dict[str, Any], outputs: Path) -> Dataset:
    """The data set of the run or version that `about` describes.

    Raises
    ------
    MlopsError
        It was never kept, was cleaned away, or is damaged (exit code 2).
    """
    key = str(about.get("snapshot", ""))
    if not is_kept(key, outputs):
        raise not_kept(about, outputs)
    return read_dataset(snapshots(outputs).folder / KIND / key)


def pin(key: str, outputs: Path) -> None:
    """Keep the snapshot `key` for good, because a version is about to refer to it."""
    if KEY.match(key):
        write_whole(snapshots(outputs).folder / PINNED / key, "")


def pinned(outputs: Path) -> set[str]:
    """Keys of the snapshots that versions refer to, wherever those are kept."""
    return {path.name for path in (snapshots(outputs).folder / PINNED).glob("[!.]*")}


def is_kept(key: str, outputs: Path) -> bool:
    """Whether the snapshot `key` is there, with every byte as it was written."""
    return bool(KEY.match(key)) and snapshots(outputs).is_whole(KIND, key)


def told(key: str, outputs: Path) -> dict[str, Any]:
    """What a snapshot says of itself (``columns``, ``task``, …), without reading a row.

    Empty if there is none, or it cannot be read.
    """
    if KEY.match(key):
        with suppress(OSError, ValueError):
            found = parsed((snapshots(outputs).folder / KIND / key / ABOUT).read_text())
            return found if isinstance(found, dict) else {}
    return {}


def not_kept(about: dict[str, Any], outputs: Path) -> MlopsError:
    """The error that says that the data which `about` refers to cannot be had."""
    key = str(about.get("snapshot", ""))
    folder = snapshots(outputs).folder / KIND / key
    return fail(
        "no-snapshot",
        "The data of this run is not kept.",
        where=os.path.relpath(folder) if KEY.match(key) else f"run {about.get('run', '')}",
        found="a damaged snapshot" if KEY.match(key) and folder.exists() else "no snapshot",
        accepted="a run in full mode whose data was not cleaned away",
        next_step="a run in full mode on the same data keeps it anew",
    )
