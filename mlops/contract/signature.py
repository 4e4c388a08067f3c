"""The columns that a model asks for, in the words of a model's signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset

KINDS = {"numeric": "double", "date": "datetime"}


def inputs(dataset: Dataset) -> tuple[tuple[str, str, bool], ...]:
    """Name, kind and whether it is required, for each feature column.

    Every number is a ``double``, whole ones too: a ``long`` cannot be missing, and a caller's
    gap would turn the column into another type.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlops.core.dataset import Column, Dataset, Task
    >>> columns = (Column("rooms", "numeric"), Column("city", "categorical"), Column("y", "target"))
    >>> frame = pd.DataFrame({"rooms": [1.0], "city": ["Bern"], "y": [2.0]})
    >>> inputs(Dataset(frame, columns, Task("regression", "y"), "", ""))
    (('rooms', 'double', True), ('city', 'string', True))
    """
    features = set(dataset.features)
    return tuple(
        (column.name, KINDS.get(column.role, "string"), True)
        for column in dataset.columns
        if column.name in features
    )
