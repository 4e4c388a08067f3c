"""Which rows of its data a run learned from and was judged on, known again row by row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.core.frames import row_hashes
from mlops.core.snapshot import KIND, read_snapshot, snapshots, write_snapshot
from mlops.flow.prepare import Prepared

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ROWS = "rows.npz"
__all__ = [
    "KIND",
    "ROWS",
    "columns_of",
    "read_rows",
    "read_snapshot",
    "snapshots",
    "write_rows",
    "write_snapshot",
]


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
        columns=columns_of(prepared.dataset.frame),
    )


def columns_of(frame: pd.DataFrame) -> np.ndarray:
    """Each column with its type, sorted: frames of which these are equal have comparable hashes."""
    import numpy as np

    return np.array(sorted(f"{name}: {kind}" for name, kind in frame.dtypes.items()), dtype=str)


def read_rows(folder: Path) -> dict[str, np.ndarray]:
    """What :func:`write_rows` wrote; empty for a run of an earlier release."""
    import numpy as np

    if not (folder / ROWS).is_file():
        return {}
    with np.load(folder / ROWS, allow_pickle=False) as rows:
        return {name: rows[name] for name in rows}
