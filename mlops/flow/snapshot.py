"""The exact data of a run: kept once by content, and known again row by row."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Dataset
from mlops.core.errors import fail
from mlops.core.frames import row_hashes
from mlops.core.store import Store, key_of
from mlops.flow.prepare import Prepared, read_dataset, write_dataset

if TYPE_CHECKING:
    import numpy as np

KIND, ROWS = "datasets", "rows.npz"


def snapshots(outputs: Path) -> Store:
    """The store of data sets that runs and versions refer to; `clean` frees what none does."""
    return Store(outputs / "snapshots")


def write_snapshot(dataset: Dataset, outputs: Path) -> str:
    """Keep `dataset`, unless the same is kept already; return its key."""
    about = [asdict(dataset.task), [asdict(column) for column in dataset.columns]]
    key, store = key_of([dataset.fingerprint, about]), snapshots(outputs)
    if not store.has(KIND, key):
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
    kept = snapshots(outputs)
    folder = kept.folder / KIND / key
    if not key or not kept.is_whole(KIND, key):
        raise fail(
            "no-snapshot",
            "The data of this run is not kept.",
            where=str(folder) if key else f"run {about.get('run', '')}",
            found="a damaged snapshot" if key and folder.exists() else "no snapshot",
            accepted="a run in full mode whose data was not cleaned away",
            next_step="put the folder back from a backup, or run again on the same data",
        )
    return read_dataset(folder)


def write_rows(prepared: Prepared, path: Path) -> None:
    """Write which rows of the snapshot stand on which side, and the hash of each."""
    import numpy as np

    hashes, split = row_hashes(prepared.dataset.frame), prepared.split
    np.savez(
        path,
        train=split.train,
        test=split.test,
        train_hashes=hashes[split.train],
        test_hashes=hashes[split.test],
    )


def read_rows(folder: Path) -> dict[str, np.ndarray]:
    """What :func:`write_rows` wrote; empty for a run of an earlier release."""
    import numpy as np

    if not (folder / ROWS).is_file():
        return {}
    with np.load(folder / ROWS, allow_pickle=False) as rows:
        return {name: rows[name] for name in rows}
