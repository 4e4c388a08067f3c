"""Folds of equal size, each held out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops.core.dataset import Split
from mlops.core.errors import fail
from mlops.splitter.assign import deal
from mlops.splitter.rows import strata, together

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset

Pairs = tuple[tuple[np.ndarray, np.ndarray], ...]


class Kfold:
    """Cut rows into `n_splits` folds.

    Inside a splitter (its key ``folds``) these are the folds of the training part. As the
    splitter itself, the first fold is the test part, and the training part is cut again.

    Parameters
    ----------
    n_splits : int, >= 2
    shuffle : bool
        False keeps the order of the rows: each fold is a stretch of them.
    stratify : bool
        Each fold has the classes in the same proportions; without effect on numbers.
    group_duplicates : bool
        Equal rows never stand on both sides. Inside a splitter, that one's word counts.
    """

    def __init__(
        self,
        *,
        n_splits: int = 5,
        shuffle: bool = True,
        stratify: bool = True,
        group_duplicates: bool = True,
    ) -> None:
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.stratify = stratify
        self.group_duplicates = group_duplicates

    def split(self, dataset: Dataset, *, seed: int) -> Split:
        """Hold the first fold out as test part.

        Raises
        ------
        MlopsError
            There are fewer rows (sets of rows) than folds.
        """
        rows, notes = together(dataset, group_duplicates=self.group_duplicates)
        classes = strata(dataset)
        (train, test), *_ = self.folds(rows, classes, seed=seed)
        inner = None if classes is None else classes[train]
        return Split(train, test, self.folds(rows[train], inner, seed=seed), notes)

    def folds(self, rows: np.ndarray, classes: np.ndarray | None, *, seed: int) -> Pairs:
        """Cut rows that belong together as `rows` says.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (n_rows,)
            Equal numbers stay in one fold.
        classes : numpy.ndarray of int or None, shape (n_rows,)

        Returns
        -------
        tuple of (numpy.ndarray, numpy.ndarray)
            Positions of the fit side and of the held-out side, ascending, one pair a fold.

        Raises
        ------
        MlopsError
            There are fewer rows (sets of rows) than folds.
        """
        sets = np.unique(rows, return_inverse=True)[1]
        chosen = classes if self.stratify else None
        shares = np.full(self.n_splits, 1 / self.n_splits)
        parts = deal(sets, chosen, shares, seed=seed if self.shuffle else None)
        if len(sets) == 0 or (np.bincount(parts, minlength=self.n_splits) == 0).any():
            raise self._too_few(len(rows), int(sets.max()) + 1 if len(sets) else 0)
        return tuple(
            (np.flatnonzero(parts != fold), np.flatnonzero(parts == fold))
            for fold in range(self.n_splits)
        )

    def _too_few(self, rows: int, sets: int) -> Exception:
        apart = "" if rows == sets else f", of which {sets} can be told apart"
        return fail(
            "too-few-rows",
            "There are too few rows for so many folds.",
            where="splitter",
            found=f"{rows} rows{apart}",
            accepted=f"at least {self.n_splits} for {self.n_splits} folds, better many times that",
            next_step="lower the number of folds (mode.folds), or bring more rows",
        )
