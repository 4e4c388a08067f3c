"""What travels down the road: the task, the columns and their roles, the data set, the split."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEATURE_ROLES = ("numeric", "categorical", "text", "date")
ROLES = (*FEATURE_ROLES, "target", "id", "group", "time", "ignored")


@dataclass(frozen=True)
class Task:
    """What is to be predicted, as the data states it.

    Parameters
    ----------
    name : str
        ``regression``, ``classification`` or the name of a later task.
    target : str
        Name of the target column.
    classes : tuple
        The labels, sorted; empty unless the target is a class.
    positive : object
        The label whose detection matters (binary targets), else None.
    costs : dict of label to float
        What one mistaken row of that true class costs; empty means all alike.
    """

    name: str
    target: str
    classes: tuple[Any, ...] = ()
    positive: Any = None
    costs: dict[Any, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One column: its name, its role, and whether its values may be written anywhere."""

    name: str
    role: str
    sensitive: bool = False


@dataclass(frozen=True)
class Dataset:
    """A frame with known roles and a known content.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n_rows, n_columns)
        All columns, the target included; RangeIndex.
    columns : tuple of Column
        One for each column of `frame`, in order.
    task : Task
    fingerprint : str
        Hash of the content; equal content has an equal fingerprint.
    source : str
        Where it came from, safe to print (no secrets).
    notes : tuple of str
        For people: what reading noticed and decided.
    """

    frame: pd.DataFrame
    columns: tuple[Column, ...]
    task: Task
    fingerprint: str
    source: str
    notes: tuple[str, ...] = ()

    def named(self, *roles: str) -> list[str]:
        """Names of the columns that have one of `roles`, in order."""
        return [column.name for column in self.columns if column.role in roles]

    @property
    def features(self) -> list[str]:
        """Names of the columns a model may see."""
        return self.named(*FEATURE_ROLES)

    @property
    def sensitive(self) -> list[str]:
        """Names of the columns whose values are never written."""
        return [column.name for column in self.columns if column.sensitive]

    @property
    def X(self) -> pd.DataFrame:
        """The feature columns, shape (n_rows, n_features)."""
        return self.frame[self.features]

    @property
    def y(self) -> pd.Series:
        """The target column, shape (n_rows,)."""
        return self.frame[self.task.target]

    def rows(self, positions: np.ndarray) -> Dataset:
        """The data set of the rows at `positions` (0-based), with a fresh RangeIndex."""
        return replace(self, frame=self.frame.iloc[positions].reset_index(drop=True))


@dataclass(frozen=True)
class Split:
    """Row positions of the two sides, and what the splitter saw.

    Parameters
    ----------
    train, test : numpy.ndarray of int, shapes (n_train,), (n_test,)
    folds : tuple of (numpy.ndarray, numpy.ndarray)
        Validation inside the training part: positions **within** `train`, fit side and held-out
        side.
    notes : tuple of str
        For people, e.g. the share of duplicated rows.
    """

    train: np.ndarray
    test: np.ndarray
    folds: tuple[tuple[np.ndarray, np.ndarray], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Enforced:
    """A data set that keeps its contract, and the rows that did not.

    Parameters
    ----------
    dataset : Dataset
    quarantined : pandas.DataFrame
        The rows put aside: ``row`` (position in the data read, from 0), their columns without
        the sensitive ones, and ``reason``.
    notes : tuple of str
        For people: learned or enforced, from which file, how many rows put aside.
    waited : str
        For people: what this run waited for; no other run's business.
    """

    dataset: Dataset
    quarantined: pd.DataFrame
    notes: tuple[str, ...] = ()
    waited: str = ""
