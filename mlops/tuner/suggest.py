"""A search space as Optuna knows it: axes become distributions, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlops.tuner.condition import Axis
from mlops.tuner.space import Choice, Dimension, Interval

SCALARS = (bool, int, float, str, type(None))


def suggested(trial: Any, axes: Sequence[Axis]) -> dict[str, Any]:
    """Have an Optuna `trial` name a value for each configuration key that counts."""
    params: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for axis in axes:
        if axis.is_active(named):
            params[axis.key] = named[axis.name] = _asked(trial, axis.dimension)
    return params


def read_back(params: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Any]:
    """The values that a stored trial's `params` stand for, in the order of the space."""
    return {
        axis.key: _plain(axis.dimension, params[axis.name]) for axis in axes if axis.name in params
    }


def by_name(params: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Any]:
    """Values by configuration key, as values by the names of the axes that they belong to."""
    named: dict[str, Any] = {}
    for axis in axes:
        if axis.key in params and axis.is_active(named):
            named[axis.name] = params[axis.key]
    return named


def stored(params: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Any]:
    """Values by configuration key as Optuna stores them; what cannot be drawn is left out."""
    named, found = by_name(params, axes), {}
    for axis in axes:
        values = _values(axis.dimension)
        if axis.name in named and _can_be_drawn(axis.dimension, named[axis.name]):
            value = named[axis.name]
            found[axis.name] = value if values is None else texts(values)[1][values.index(value)]
    return found


def _can_be_drawn(dimension: Dimension, value: Any) -> bool:
    if isinstance(dimension, Interval):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_fit = is_number and (not dimension.integer or value == int(value))
        return is_fit and dimension.low <= value <= dimension.high
    known = dimension.values if isinstance(dimension, Choice) else dimension.grid(0)
    return any(type(each) is type(value) and each == value for each in known)


def texts(values: Sequence[Any]) -> tuple[bool, list[Any]]:
    """Whether `values` have to be written as text for Optuna to tell them apart, and how.

    >>> texts([1, 10]), texts([True, 1]), texts([[8], [8, 8]])
    ((False, [1, 10]), (True, ['true', '1']), (True, ['[8]', '[8, 8]']))
    """
    plain = all(isinstance(value, SCALARS) for value in values)
    if plain and all(a is b or a != b for a in values for b in values):
        return False, list(values)
    return True, [json.dumps(value) for value in values]


def _values(dimension: Dimension) -> Sequence[Any] | None:
    """The values of a dimension that is a list; None for one that is a stretch of numbers."""
    if isinstance(dimension, Choice):
        return dimension.values
    if isinstance(dimension, Interval):
        return None
    return dimension.grid(0) if dimension.log and dimension.step != 1 else None


def _asked(trial: Any, dimension: Dimension) -> Any:
    values, key = _values(dimension), dimension.key
    if values is not None:
        return _plain(dimension, trial.suggest_categorical(key, texts(values)[1]))
    if isinstance(dimension, Interval):
        ask = trial.suggest_int if dimension.integer else trial.suggest_float
        return ask(key, dimension.low, dimension.high, log=dimension.log)
    assert not isinstance(dimension, Choice)
    steps = dimension.grid(2)  # the ends are enough
    low, high, step = min(steps), max(steps), abs(dimension.step)
    if all(isinstance(each, int) for each in (low, high, step)):
        return trial.suggest_int(key, low, high, step=step, log=dimension.log)
    if dimension.log:
        return trial.suggest_float(key, low, high, log=True)
    return trial.suggest_float(key, low, high, step=step)


def _plain(dimension: Dimension, value: Any) -> Any:
    values = _values(dimension)
    if values is not None:
        are_texts, written = texts(values)
        return values[written.index(value)] if are_texts else value
    return value
