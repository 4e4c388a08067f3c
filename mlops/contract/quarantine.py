"""Rows put aside: each with all its reasons, none of them gone without a word."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.errors import REFUSED, fail, listed
from mlops.core.values import as_dates, as_numbers

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Reasons:
    """Collects, rule by rule, which rows break it.

    Parameters
    ----------
    rows : int

    Attributes
    ----------
    counts : dict of str to int
        Rule to number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> reasons = Reasons(3)
    >>> reasons.add("a: missing", np.array([False, True, False]))
    >>> reasons.add("b: below 0", np.array([False, True, True]))
    >>> reasons.texts[reasons.broken].tolist()
    ['a: missing; b: below 0', 'b: below 0']
    """

    def __init__(self, rows: int) -> None:
        import numpy as np

        self.texts = np.full(rows, "", dtype=object)
        self.counts: dict[str, int] = {}

    def add(self, rule: str, mask: np.ndarray) -> None:
        """Say that the rows where `mask` is True, shape (n_rows,), break `rule`."""
        import numpy as np

        rows = np.flatnonzero(mask)
        if len(rows):
            said = self.texts[rows]
            self.texts[rows] = np.where(said == "", "", said + "; ") + rule
            self.counts[rule] = len(rows)

    @property
    def broken(self) -> np.ndarray:
        """The rows that break any rule, bool, shape (n_rows,)."""
        return self.texts != ""

    @property
    def note(self) -> str:
        """One line for people; empty if no row is broken."""
        rows = int(self.broken.sum())
        most = sorted(self.counts.items(), key=lambda each: -each[1])
        return (
            f"{rows:,} of {len(self.texts):,} rows put aside ("
            + listed((f"{rule}: {count:,}" for rule, count in most), 5)
            + ")"
            if rows
            else ""
        )


def usable(dataset: Dataset) -> tuple[Dataset, Reasons]:
    """Give every column the type of its role, and find the rows that no model can learn from.

    Those are rows without a target, with text where a number or a date belongs, with an
    infinite number.
    """
    import numpy as np

    reasons = Reasons(len(dataset.frame))
    typed: dict[str, pd.Series] = {}
    for column in dataset.columns:
        values = dataset.frame[column.name]
        numeric = column.role == "numeric" or (column.role == "target" and not dataset.task.classes)
        if numeric and values.dtype != "float64":
            typed[column.name], broken = as_numbers(values)
            reasons.add(f"{column.name}: not a number", broken)
        elif column.role in ("date", "time") and values.dtype != "datetime64[us]":
            typed[column.name], broken = as_dates(values)
            reasons.add(f"{column.name}: not a date", broken)
        values = typed.get(column.name, values)
        if numeric:
            reasons.add(f"{column.name}: infinite", np.isinf(values.to_numpy()))
        if column.role == "target":
            reasons.add(f"{column.name}: target missing", dataset.y.isna().to_numpy())
    if typed:
        dataset = replace(dataset, frame=dataset.frame.assign(**typed))
    return dataset, reasons


def part(dataset: Dataset, reasons: Reasons, original: Dataset) -> tuple[Dataset, pd.DataFrame]:
    """Part the rows that keep every rule from those that do not.

    Parameters
    ----------
    dataset : Dataset
        With its types settled.
    reasons : Reasons
    original : Dataset
        As it was read; the rows put aside show its values.

    Returns
    -------
    Dataset
        `original` itself if nothing was changed.
    DataFrame
        ``row``, the columns without the sensitive ones, ``reason``.

    Raises
    ------
    MlopsError
        No row, or one class only, is left.
    """
    import numpy as np

    rows = np.flatnonzero(reasons.broken)
    open_columns = [column.name for column in dataset.columns if not column.sensitive]
    aside = original.frame[[name for name in open_columns if name in original.frame]].iloc[rows]
    taken = {name: f"{name}_" for name in ("row", "reason") if name in aside}
    aside = aside.rename(columns=taken).reset_index(drop=True)
    aside.insert(0, "row", rows)
    aside["reason"] = reasons.texts[rows]
    aside["reason"] = aside["reason"].astype("str")
    same = dataset.frame is original.frame and dataset.columns == original.columns
    if same and not len(rows):
        return original, aside
    kept = dataset.rows(np.flatnonzero(~reasons.broken)) if len(rows) else dataset
    return _settled(kept, _derived(original.fingerprint, dataset.columns, rows)), aside


def _derived(fingerprint: str, columns: tuple[Column, ...], rows: np.ndarray) -> str:
    """The fingerprint of what is left: of the content, the columns and the rows put aside."""
    whole = hashlib.sha256(f"{fingerprint}{columns}".encode())
    whole.update(rows.tobytes())
    return whole.hexdigest()


def _settled(dataset: Dataset, fingerprint: str) -> Dataset:
    """Classes that are left, in the type that labels without gaps have."""
    task, labels = dataset.task, dataset.y
    if not len(dataset.frame):
        raise _nothing_left("no row", task)
    if not task.classes:
        return replace(dataset, fingerprint=fingerprint)
    kind = {int: "int64", bool: "bool"}.get(type(task.classes[0]), "str")
    if labels.dtype != kind and kind != "str":
        labels = labels.astype("float64").astype(kind) if kind == "int64" else labels.astype(kind)
        dataset = replace(dataset, frame=dataset.frame.assign(**{task.target: labels}))
    left = set(labels.unique().tolist())
    classes = tuple(each for each in task.classes if each in left)
    if len(classes) < 2 or (task.positive is not None and task.positive not in classes):
        raise _nothing_left("rows of " + (listed(classes) or "no class"), task)
    costs = {label: cost for label, cost in task.costs.items() if label in classes}
    return replace(
        dataset, task=replace(task, classes=classes, costs=costs), fingerprint=fingerprint
    )


def _nothing_left(found: str, task: Task) -> Exception:
    return fail(
        "contract-leaves-nothing",
        "Too little is left after putting aside the rows that cannot be used.",
        where=f"target {task.target}",
        found=found,
        accepted="at least two classes" if task.classes else "rows with a known target",
        next_step="look at the data, at data.target and at data.missing",
        exit_code=REFUSED,
    )
