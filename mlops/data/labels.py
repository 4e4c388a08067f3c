"""What the target asks for: a number or a class, which classes, which of them matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Task
from mlops.core.errors import MlopsError, closest, fail, listed, one_of
from mlops.core.values import as_numbers, as_words
from mlops.data.costs import cost_problems, no_classes
from mlops.data.roles import refuse_comma

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TASKS = ("regression", "classification")
MOST_WHOLE_LABELS = 20
ROWS_PER_LABEL = 10
MOST_WORDS = 100


def settle(
    column: pd.Series,
    *,
    task: str | None,
    positive: Any,
    costs: dict[Any, float] | None,
    decimal: str = ".",
) -> tuple[pd.Series, Task, list[str]]:
    """Give the target its type and say which task it states.

    Numbers are a class if there are two of them, or if they are whole, at most 20 different ones
    and at least ten times as many rows; words and booleans always are.

    Returns
    -------
    pandas.Series
        float64 for a number; int64, bool or str for a class (object where some are missing).
    Task
    list of str
        Notes for people.

    Raises
    ------
    MlopsError
        No known value, one value only, neither number nor class, unknown label in `positive` or
        `costs`.
    """
    one_of("data.task", task, (None, *TASKS))
    name = str(column.name)
    if not column.notna().any():
        raise _useless(name, "no known value in any row", "a known target in most rows")
    numbers, broken = _numbers(column, decimal)
    name_of_task = task or ("regression" if _is_measure(numbers, broken) else "classification")
    if name_of_task == "regression":
        return _measured(column, numbers, broken, costs, positive)
    if task is None:
        _refuse_mixed(column, numbers, broken, decimal)
    labels = _labels(column, numbers, broken)
    classes = tuple(sorted(labels.dropna().unique().tolist()))
    _check_classes(name, classes, len(labels), stated=task is not None)
    chosen, notes = _positive(positive, classes)
    return labels, Task("classification", name, classes, chosen, _costs(costs, classes)), notes


def _numbers(column: pd.Series, decimal: str) -> tuple[pd.Series, np.ndarray]:
    from pandas.api import types

    numbers, broken = as_numbers(column, decimal=decimal)
    if types.is_bool_dtype(column.dtype):
        broken |= True
    return numbers, broken


def _is_measure(numbers: pd.Series, broken: np.ndarray) -> bool:
    known = numbers.dropna()
    if broken.sum() > len(known) / 9 or known.empty:
        return False
    distinct = known.drop_duplicates()
    whole = bool((distinct % 1 == 0).all())
    few = len(distinct) <= min(MOST_WHOLE_LABELS, len(known) / ROWS_PER_LABEL)
    return len(distinct) > 2 and not (whole and few)


def _measured(
    column: pd.Series, numbers: pd.Series, broken: np.ndarray, costs: Any, positive: Any
) -> tuple[pd.Series, Task, list[str]]:
    name = str(column.name)
    if broken.any():
        found = (
            f"{int(broken.sum())} values that are no numbers, first in row {broken.argmax() + 1}"
        )
        raise _useless(name, found, "numbers, for a regression")
    if numbers.nunique() < 2:
        raise _useless(name, "the same number in all rows", "a target that varies")
    if problems := no_classes(costs, positive):
        raise MlopsError(*problems)
    return numbers, Task("regression", name), []


def _refuse_mixed(column: pd.Series, numbers: pd.Series, broken: np.ndarray, decimal: str) -> None:
    if column.dtype == "str":
        refuse_comma(column.dropna().drop_duplicates(), decimal)
    if broken.any() and not broken.all() and broken.sum() <= numbers.notna().sum() / 9:
        found = (
            f"{int(broken.sum())} values that are no numbers, first in row {broken.argmax() + 1}"
        )
        raise _useless(str(column.name), f"numbers, and {found}", "numbers only, or words only")


def _labels(column: pd.Series, numbers: pd.Series, broken: np.ndarray) -> pd.Series:
    words = as_words(column)
    if set(words.dropna().unique()) <= {"True", "False"}:
        values = words.map({"True": True, "False": False}).astype(object)
    elif broken.any() or not bool((numbers.dropna() % 1 == 0).all()):
        return words
    else:
        values = numbers.fillna(0).astype("int64").astype(object)
    return values.where(words.notna(), None).infer_objects()


def _check_classes(name: str, classes: tuple[Any, ...], rows: int, *, stated: bool) -> None:
    if len(classes) < 2:
        raise _useless(name, "one class only", "at least two classes")
    many = len(classes) > MOST_WORDS and len(classes) > rows / ROWS_PER_LABEL
    if not stated and (many or MOST_WHOLE_LABELS < len(classes) > rows / 2):
        found = f"{len(classes)} different words in {rows} rows"
        raise _useless(name, found, "numbers, or few classes with many rows each")


def match(label: Any, classes: tuple[Any, ...]) -> Any:
    """The class that `label` means, or None: YAML and the command line may give it as text.

    >>> match("1", (0, 1)), match("true", (False, True)), match("maybe", ("no", "yes"))
    (1, True, None)
    """
    same = [each for each in classes if each == label]
    text = str(label).strip().lower()
    return next(iter([*same, *(each for each in classes if str(each).lower() == text)]), None)


def _positive(positive: Any, classes: tuple[Any, ...]) -> tuple[Any, list[str]]:
    if positive is not None:
        chosen = match(positive, classes)
        if chosen is None:
            raise _no_label("data.positive", positive, classes)
        return chosen, []
    if len(classes) > 2:
        return None, []
    usual = classes[-1] in (1, True)
    note = f"{classes[-1]!r} is taken as the positive class; data.positive=LABEL overrules"
    return classes[-1], [] if usual else [note]


def _costs(costs: dict[Any, float] | None, classes: tuple[Any, ...]) -> dict[Any, float]:
    known: dict[Any, float] = {}
    if problems := cost_problems(costs):
        raise MlopsError(*problems)
    for label, cost in (costs or {}).items():
        chosen = match(label, classes)
        if chosen is None:
            raise _no_label("data.costs", label, classes)
        known[chosen] = float(cost)
    return {label: known.get(label, 1.0) for label in classes} if known else {}


def _no_label(key: str, label: Any, classes: tuple[Any, ...]) -> Exception:
    return fail(
        "label-unknown",
        "The target has no such class.",
        where=key,
        found=str(label),
        accepted=listed(classes),
        closest=closest(label, classes),
        next_step=f"write one of them in {key}",
    )


def _useless(name: str, found: str, accepted: str) -> Exception:
    return fail(
        "target-unusable",
        "The target cannot be learned.",
        where=f"data.target={name}",
        found=found,
        accepted=accepted,
        next_step="choose another column with data.target=NAME, state data.task, or mend the data",
    )
