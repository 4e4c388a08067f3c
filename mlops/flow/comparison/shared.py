"""The rows that both models may be judged on: tested by either, trained on by neither."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.frames import as_kind, row_hashes
from mlops.flow.comparison.schema import same_kind
from mlops.flow.comparison.sides import Side

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NO_SPLIT = "a run of an earlier release did not keep which rows it was trained on"
NO_ROWS = "no row of either test part is new to both models"
NO_COLUMNS = "the rows that are new to both lack columns that one of the models takes"


@dataclass(frozen=True)
class Shared:
    """Rows for both, in one order.

    Parameters
    ----------
    test : Dataset
        The columns that both data sets have, the target included; the task knows the classes of
        both.
    places : tuple of (numpy.ndarray, numpy.ndarray), one for each model
        Where it finds its own columns of each row: the data set (0 is a's, 1 is b's), and the
        position in it.
    """

    test: Dataset
    places: tuple[tuple[np.ndarray, np.ndarray], ...]


def shared(a: Side, b: Side) -> Shared | str:
    """The rows of either's test part that neither was trained on; or why there are none.

    Rows are known by the hash of the columns that both data sets have and that hold the same kind
    of values. Where those are not all columns, a row that is not the only one with its hash is
    left out: it could not be told from another.

    Parameters
    ----------
    a, b : Side
        Whose data is kept.
    """
    import numpy as np

    both = (a, b)
    frames = [_known(each.dataset).frame for each in both]
    kinds = same_kind(_known(a.dataset), _known(b.dataset))
    if not kinds or not all(each.rows for each in both):
        return "the data sets share no column" if not kinds else NO_SPLIT
    hashes = [row_hashes(_alike(frame, kinds)) for frame in frames]
    is_whole = all(len(frame.columns) == len(kinds) for frame in frames)
    trained = np.concatenate([hashes[at][side.rows["train"]] for at, side in enumerate(both)])
    tested = [
        _unseen(hashes[at], side.rows["test"], trained, is_whole) for at, side in enumerate(both)
    ]
    only_b = tested[1][~np.isin(hashes[1][tested[1]], hashes[0][tested[0]])]
    of = np.repeat([0, 1], [len(tested[0]), len(only_b)])
    at = np.concatenate([tested[0], only_b])
    keys = np.concatenate([hashes[0][tested[0]], hashes[1][only_b]])
    places = [_places(model, both, hashes, is_whole, kinds, of, at, keys) for model in (0, 1)]
    usable = (places[0][1] >= 0) & (places[1][1] >= 0)
    if not usable.any():
        return NO_COLUMNS if len(at) else NO_ROWS
    kept = tuple((data[usable], position[usable]) for data, position in places)
    return Shared(_described(a, b, kinds, of[usable], at[usable]), kept)


def _known(dataset: Dataset | None) -> Dataset:
    assert dataset is not None
    return dataset


def _alike(frame: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """The columns in `kinds`, so written that equal values are equal: 1 and 1.0."""
    import pandas as pd

    return pd.DataFrame({name: as_kind(frame[name], kind) for name, kind in kinds.items()})


def _unseen(
    hashes: np.ndarray, test: np.ndarray, trained: np.ndarray, is_whole: bool
) -> np.ndarray:
    """Positions of the test rows that nobody was trained on."""
    import numpy as np

    kept = test[~np.isin(hashes[test], trained)]
    return kept if is_whole else kept[np.isin(hashes[kept], _single(hashes))]


def _single(hashes: np.ndarray) -> np.ndarray:
    """The hashes that one row only has."""
    import numpy as np

    values, counts = np.unique(hashes, return_counts=True)
    single: np.ndarray = values[counts == 1]
    return single


def _places(
    model: int,
    both: tuple[Side, Side],
    hashes: list[np.ndarray],
    is_whole: bool,
    kinds: dict[str, str],
    of: np.ndarray,
    at: np.ndarray,
    keys: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Where `model` finds each row: in its own data if it is there, else in the other's.

    −1 where the row is not in its own data and the other's has not all of its columns.
    """
    import numpy as np

    values, first = np.unique(hashes[model], return_index=True)
    found = np.minimum(np.searchsorted(values, keys), len(values) - 1)
    is_there = values[found] == keys
    if not is_whole:
        is_there &= np.isin(keys, _single(hashes[model]))
    serves = set(_known(both[model].dataset).features) <= kinds.keys()
    own = of == model
    data = np.where(own | is_there, model, 1 - model)
    position = np.where(own, at, np.where(is_there, first[found], at if serves else -1))
    return data, position


def _described(a: Side, b: Side, kinds: dict[str, str], of: np.ndarray, at: np.ndarray) -> Dataset:
    """What is known of the rows, with the roles of `a`; sensitive is what is so in either."""
    import pandas as pd

    first, second = _known(a.dataset), _known(b.dataset)
    names = [*dict.fromkeys([*kinds, first.task.target])]
    pieces = [
        data.frame[names].iloc[at[of == number]] for number, data in enumerate((first, second))
    ]
    frame = pd.concat([piece for piece in pieces if len(piece)], ignore_index=True)
    hidden = {*first.sensitive, *second.sensitive}
    roles = {column.name: column.role for column in first.columns}
    columns = tuple(Column(name, roles[name], name in hidden) for name in names)
    return replace(first, frame=frame, columns=columns, task=_task(first.task, second.task))


def _task(a: Task, b: Task) -> Task:
    """The task of `a`, with the classes of both."""
    return replace(a, classes=(*a.classes, *(each for each in b.classes if each not in a.classes)))
