"""One part of the rows is put aside to judge, untouched by everything before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.core.dataset import Split
from mlops.core.errors import fail, listed
from mlops.splitter.assign import deal
from mlops.splitter.rows import strata, together

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset

FAR = 0.25  # a test part that misses its size by more than this share of it is told


class Holdout:
    """A random test part, and folds inside the rest.

    Parameters
    ----------
    folds : Kfold
        Cuts the training part for validation.
    test_size : float in (0, 1)
        Share of the rows in the test part.
    stratify : bool
        Both sides have the classes in the same proportions; without effect on numbers.
    group_duplicates : bool
        Rows with equal features and target never stand on both sides.
    """

    def __init__(
        self,
        *,
        folds: Any,
        test_size: float = 0.2,
        stratify: bool = True,
        group_duplicates: bool = True,
    ) -> None:
        self.folds = folds
        self.test_size = test_size
        self.stratify = stratify
        self.group_duplicates = group_duplicates

    def split(self, dataset: Dataset, *, seed: int) -> Split:
        """Choose the rows; columns of role ``group`` are kept together, too.

        Raises
        ------
        MlopsError
            Too few rows for two sides and the folds, or for a class to stand on both sides.
        """
        rows, notes = together(dataset, group_duplicates=self.group_duplicates)
        classes = strata(dataset)
        if classes is not None and self.stratify:
            _refuse_rare(rows, classes, dataset)
        is_test = self._test_part(rows, classes, seed)
        train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
        if not len(train) or not len(test):
            raise _one_side(len(rows), int(rows.max()) + 1)
        inner = None if classes is None else classes[train]
        pairs = self.folds.folds(rows[train], inner, seed=seed)
        return Split(train, test, pairs, (*notes, *self._told(len(test), len(rows))))

    def _test_part(self, rows: np.ndarray, classes: np.ndarray | None, seed: int) -> np.ndarray:
        chosen = classes if self.stratify else None
        shares = np.array([1 - self.test_size, self.test_size])
        is_test = deal(rows, chosen, shares, seed=seed) == 1
        for each in [] if chosen is None else np.unique(chosen):
            _on_both_sides(is_test, rows, chosen == each)
        if not is_test.any() or is_test.all():
            _on_both_sides(is_test, rows, np.ones(len(rows), dtype=bool))
        return is_test

    def _told(self, test: int, rows: int) -> list[str]:
        share = test / rows
        if abs(share - self.test_size) <= max(FAR * self.test_size, 2 / rows):
            return []
        sizes = f"{share:.0%} of the rows are in the test part, not {self.test_size:.0%}"
        return [f"{sizes}: rows that belong together make large sets"]


def _on_both_sides(is_test: np.ndarray, rows: np.ndarray, members: np.ndarray) -> None:
    """Move the last set of the `members` over if all stand on one side and there are two sets."""
    sides = is_test[members]
    if not len(sides) or (sides.any() and not sides.all()):
        return
    last = rows[np.flatnonzero(members)[-1]]
    if (rows[members] != last).any():
        is_test[rows == last] = not sides[0]


def _refuse_rare(rows: np.ndarray, classes: np.ndarray, dataset: Dataset) -> None:
    """A class needs two sets of rows, one for each side."""
    rare = []
    for number, label in enumerate(dataset.task.classes):
        members = rows[classes == number]
        if not (members != members[:1]).any():
            rare.append(f"{label!r} has {min(len(members), 1)}")
    if rare:
        raise fail(
            "too-few-rows",
            "A class has too few rows to stand on both sides.",
            where=f"target {dataset.task.target}",
            found=f"{listed(rare)} (equal rows and groups count once)",
            accepted="at least 2 rows of each class, better dozens",
            next_step="bring more rows, join rare classes, or splitter.stratify=false",
        )


def _one_side(rows: int, sets: int) -> Exception:
    return fail(
        "too-few-rows",
        "There are too few rows for a training and a test part.",
        where="splitter",
        found=f"{rows} rows, {sets} that can be told apart",
        accepted="at least two that differ, or belong to two groups",
        next_step="bring more rows, or splitter.group_duplicates=false if equal rows are meant",
    )
