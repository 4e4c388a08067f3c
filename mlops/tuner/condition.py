"""Keys that are searched only where another has some value: ``interval(1, 9) if kernel == rbf``.

A key that is a room's name stands for the choice among its options. What belongs to one of them
has that option's name in its own: ``model.ridge.alpha`` is searched, as ``model.alpha``, where
``model`` is ``ridge``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mlops.core.errors import MlopsError, Problem, closest, fail, listed
from mlops.tuner.space import Choice, Dimension, Interval, dimension

_IF = re.compile(
    r"^(?P<sweep>.*\S)\s+if\s+(?P<key>[\w.]+)\s*(?P<how>==|in)\s*(?P<values>\S.*)$", re.S
)


Condition = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Axis:
    """One key of a search space, and when it is searched.

    Parameters
    ----------
    dimension : Choice, Range or Interval
        Its key is the name by which the axis is known among all others.
    text : str
        As it was written.
    key : str
        Full configuration key.
    conditions : tuple of (str, tuple)
        Names of axes it depends on, each with the values with which it is searched.
    """

    dimension: Dimension
    text: str
    key: str
    conditions: tuple[Condition, ...] = ()

    @property
    def name(self) -> str:
        """Its own among all axes; the configuration key, where that belongs to one option only."""
        return self.dimension.key

    def is_active(self, named: Mapping[str, Any]) -> bool:
        """Whether it is searched together with these values of other axes."""
        return all(name in named and named[name] in values for name, values in self.conditions)


def axes(space: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Read a whole space; a key stands after the one it depends on.

    Parameters
    ----------
    space : mapping of str to str
        Full key to sweep text, with a condition or without. The key in a condition is full, or
        relative to the room, or to the option, of the key it is for.

    Raises
    ------
    MlopsError
        With every entry that cannot be read, or whose condition cannot.

    Examples
    --------
    >>> found = axes({"model.a": "interval(0, 1) if b == x", "model.b": "choice(x, y)"})
    >>> [axis.key for axis in found], found[1].is_active({"model.b": "y"})
    (['model.b', 'model.a'], False)
    >>> found = axes({"model": "choice(svm, ridge)", "model.ridge.alpha": "interval(0, 1)"})
    >>> found[1].key, found[1].conditions
    ('model.alpha', (('model', ('ridge',)),))
    """
    found: dict[str, Axis] = {}
    problems: list[Problem] = []
    for key, text in space.items():
        try:
            found[key] = _axis(key, text, space)
        except MlopsError as error:
            problems += error.problems
    if problems:
        raise MlopsError(*problems)
    if not found:
        raise _nothing()
    return _parents_first(found)


def ends(space: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Full key to its choices, or the first and the last of its numbers; the unreadable left out.

    >>> ends({"model.a": "range(0, 200)", "model.b": "choice(x, y)", "model.c": "choice("})
    {'model.a': (0, 199), 'model.b': ('x', 'y')}
    """
    found = {}
    for key, text in space.items():
        with contextlib.suppress(MlopsError):
            read = _axis(key, text, space).dimension
            values = read.grid(2)
            found[key] = values if isinstance(read, Choice) else (values[0], values[-1])
    return found


def _axis(name: str, text: Any, space: Mapping[str, Any]) -> Axis:
    room, _, rest = name.partition(".")
    option, _, inner = rest.partition(".")
    within, key = room, name
    conditions: list[Condition] = []
    if rest and room in space:
        within, key = f"{room}.{option}", f"{room}.{inner}"
        conditions.append((room, (option,)))
    match = _IF.match(text) if isinstance(text, str) else None
    if match is None:
        return Axis(dimension(name, text), str(text), key, tuple(conditions))
    parent = match["key"] if match["key"] in space else f"{within}.{match['key']}"
    if parent not in space:
        raise _no_parent(name, match["key"], space)
    values = _values(match["values"], match["how"])
    _possible(name, parent, values, space)
    conditions.append((parent, values))
    return Axis(dimension(name, match["sweep"]), str(text), key, tuple(conditions))


def _values(text: str, how: str) -> tuple[Any, ...]:
    """Values of a condition, as YAML has them."""
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        read = text
    return tuple(read) if how == "in" and isinstance(read, list) else (read,)


def _possible(key: str, parent: str, values: tuple[Any, ...], space: Mapping[str, Any]) -> None:
    """See that the key that is depended on can have each of the values."""
    text = space[parent]
    match = _IF.match(text) if isinstance(text, str) else None
    try:
        drawn = dimension(parent, match["sweep"] if match else text)
    except MlopsError:
        return  # it is told of itself
    for value in values:
        if isinstance(drawn, Interval):
            is_drawn = isinstance(value, (int, float)) and drawn.low <= value <= drawn.high
        else:
            is_drawn = value in drawn.grid(0)
        if not is_drawn:
            raise _never(key, parent, value, () if isinstance(drawn, Interval) else drawn.grid(0))


def _parents_first(found: dict[str, Axis]) -> tuple[Axis, ...]:
    placed: dict[str, Axis] = {}
    while len(placed) < len(found):
        ready = [
            axis
            for name, axis in found.items()
            if name not in placed and all(parent in placed for parent, _ in axis.conditions)
        ]
        if not ready:
            raise _circle([name for name in found if name not in placed])
        placed |= {axis.name: axis for axis in ready}
    return tuple(placed.values())


def _nothing() -> MlopsError:
    return fail(
        "empty-space",
        "There is nothing to search.",
        where="tuner.space",
        found="no key, and the chosen options name none of their own",
        accepted="at least one key with a sweep text",
        next_step="write tuner.space.model.KEY='choice(1, 10)', or choose tuner=fixed",
    )


def _no_parent(key: str, named: str, space: Mapping[str, Any]) -> MlopsError:
    nearest = closest(named, space)
    return fail(
        "unknown-condition-key",
        f"{key} depends on a key that is not searched.",
        where=f"tuner.space.{key}",
        found=f"if {named} …",
        accepted=listed(each for each in space if each != key),
        closest=nearest,
        next_step=f"name a key of the space, or leave {key} out: tuner.space.{key}=null",
    )


def _never(key: str, parent: str, value: Any, values: tuple[Any, ...]) -> MlopsError:
    nearest = closest(str(value), map(str, values))
    return fail(
        "impossible-condition",
        f"{key} would never be searched: {parent} cannot be {value}.",
        where=f"tuner.space.{key}",
        found=str(value),
        accepted=listed(values) or f"a number of {parent}",
        closest=nearest,
        next_step=f"write a value that {parent} can have, or leave {key} out: "
        f"tuner.space.{key}=null",
    )


def _circle(keys: list[str]) -> MlopsError:
    return fail(
        "circular-conditions",
        "Keys of the search space depend on one another in a circle.",
        where=f"tuner.space.{keys[0]}",
        found=listed(keys),
        accepted="conditions that lead to a key without one",
        next_step=f"take the condition away from {keys[0]}",
    )
