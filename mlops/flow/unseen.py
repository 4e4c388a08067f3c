"""Which rows of a test part neither of two models was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.errors import MlopsError, fail, listed
from mlops.core.frames import as_kind, kind, row_hashes
from mlops.flow.prepare import Prepared
from mlops.flow.snapshot import columns_of, read_rows, read_snapshot

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def unseen(
    prepared: Prepared, folder: Path, about: dict[str, Any], outputs: Path
) -> tuple[np.ndarray, str]:
    """Rows of `prepared`'s test part that stand in neither training part.

    Rows are known again by the hashes of all their values. Where the columns or their types are
    others than then, the hashes are made anew over the columns that both have, of the data that was
    kept: fewer columns can only make more rows look alike, and leave more of them out.

    Parameters
    ----------
    prepared : Prepared
        The new model's rows.
    folder, about : pathlib.Path, dict
        Files of the other model, and what it says of itself.
    outputs : pathlib.Path

    Returns
    -------
    positions : numpy.ndarray of int
        In the test part.
    says : str
        How rows were known again, if not by all columns; empty otherwise.

    Raises
    ------
    MlopsError
        They cannot be known again.
    """
    import numpy as np

    rows, frame, split = read_rows(folder), prepared.dataset.frame, prepared.split
    if not rows:
        raise fail(
            "no-rows-kept",
            "It does not tell which rows it was trained on.",
            where=str(folder),
            found="no rows.npz",
            accepted="a version of this release",
            next_step="train and promote its successor once, with override=true and a reason",
        )
    says = ""
    if "columns" in rows and np.array_equal(rows["columns"], columns_of(frame)):
        hashes, theirs = row_hashes(frame), rows["train_hashes"]
    else:
        kept = _kept(about, outputs)
        frame, then = alike(frame, kept)
        says = f"known again by {listed(frame.columns, 4)}"
        hashes, theirs = row_hashes(frame), row_hashes(then)[rows["train"]]
    seen = np.concatenate([theirs, hashes[split.train]])
    return np.flatnonzero(~np.isin(hashes[split.test], seen)), says


def _kept(about: dict[str, Any], outputs: Path) -> pd.DataFrame:
    """The rows of the other model."""
    try:
        return read_snapshot(about, outputs).frame
    except MlopsError as error:
        first = error.problems[0]
        raise fail(
            first.code,
            "The columns, or their types, are not those it was trained on, "
            "and the data it was trained on is not kept.",
            where=first.where,
            found=first.found,
            accepted=first.accepted,
            next_step="bring data of the same columns, or put outputs/snapshots back",
        ) from error


def alike(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames with the columns that both have, each column of one type.

    Examples
    --------
    >>> import pandas as pd
    >>> a, b = alike(pd.DataFrame({"x": [1, 2], "y": ["1", "u"]}), pd.DataFrame({"x": [1.0, 0.5]}))
    >>> a.to_dict("list"), b.to_dict("list")
    ({'x': [1.0, 2.0]}, {'x': [1.0, 0.5]})
    """
    import pandas as pd

    names = [name for name in a if name in b]
    columns: tuple[dict[Any, pd.Series], ...] = ({}, {})
    for name in names:
        kinds = {kind(frame[name]) for frame in (a, b)}
        numbers = kinds <= {"numeric", "boolean"}
        wanted = "numeric" if numbers else kinds.pop() if len(kinds) == 1 else "category"
        for side, frame in zip(columns, (a, b), strict=True):
            side[name] = as_kind(frame[name], wanted)
    made = [
        pd.DataFrame(side, index=frame.index) for side, frame in zip(columns, (a, b), strict=True)
    ]
    return made[0], made[1]
