"""Options that a search chooses among: each composed and checked as if it had been chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, QuotedString
from hydra.errors import HydraException
from omegaconf import OmegaConf

from mlops.config.about import extra_of
from mlops.config.catalogue import Catalogue
from mlops.config.check import Checked, alone
from mlops.config.compose import Composed
from mlops.config.origin import origin
from mlops.core.errors import MlopsError, Problem, closest, listed

FITTED = ("cleaner", "features", "model")  # rooms whose options a search may choose among
PLACE = "tuner.options"

Candidates = dict[str, dict[str, dict[str, Any]]]


def candidates(composed: Composed, checked: Checked, problems: list[Problem]) -> Candidates:
    """Room to option to its values, for the rooms that ``tuner.options`` names.

    Each option has its own defaults; the one that was chosen, or that the recipe chose, also what
    was said of it.

    Parameters
    ----------
    composed : Composed
    checked : Checked
        What is wrong with an option is noted in its ``bad``, as ``model=ridge``.
    problems : list of Problem
        What is wrong is added, each problem once.
    """
    asked = checked.values["tuner"].get("options") or {}
    found: Candidates = {}
    for room, text in asked.items():
        if room not in FITTED:
            problems.append(_unknown_room(composed, str(room)))
        elif text is not None:
            names = _named(composed, room, text, problems)
            alones = {name: alone(_chosen(composed, room, name), room) for name in names}
            for name, (_, said) in alones.items():
                problems.extend(each for each in said if each not in problems)
                checked.bad.update([f"{room}={name}"] if said else [])
            found |= {room: {name: node for name, (node, _) in alones.items()}} if names else {}
    return found


def _named(composed: Composed, room: str, text: Any, problems: list[Problem]) -> list[str]:
    """The options that `text` names, as far as they are there."""
    catalogue, where = composed.catalogue, origin(composed, f"{PLACE}.{room}")
    try:
        names = list(dict.fromkeys(_read(text, room, catalogue)))
    except (HydraException, ValueError) as error:
        problems.append(_unreadable(room, text, where, error))
        return []
    known = [each for each in names if each in catalogue.options(room)]
    for name in [each for each in names if each not in known]:
        [missing] = catalogue.missing(room, name, where).problems
        step = f"write {missing.closest or 'one of these'} in {PLACE}.{room}"
        problems.append(replace(missing, next_step=step))
    if not names:
        problems.append(_unreadable(room, text, where))
    return known


def _read(text: Any, room: str, catalogue: Catalogue) -> Iterator[str]:
    """Names in ``choice(ridge, linear)``, ``ridge,linear``, ``glob(*)``, ``[ridge, linear]``."""
    value: Any = OverridesParser.create().parse_override(f"value={text}").value()
    if isinstance(value, Glob):
        matching = value.filter(catalogue.options(room))
        yield from (each for each in matching if _is_installed(catalogue, room, each))
        return
    several: Any = value.list if isinstance(value, ChoiceSweep) else value
    for each in several if isinstance(several, list) else [several]:
        name = each.text if isinstance(each, QuotedString) else each
        if not isinstance(name, str):
            raise ValueError(f"{name} is no option's name")
        yield name


def _is_installed(catalogue: Catalogue, room: str, name: str) -> bool:
    """Whether what the option needs beyond ourselves is there; a broken file is for the check."""
    try:
        needed = extra_of(catalogue.option(room, name).about)
    except MlopsError:
        return True
    return needed is None or find_spec(needed[1]) is not None


def _chosen(composed: Composed, room: str, name: str) -> Composed:
    """`composed`, had this option been chosen for `room`."""
    catalogue = composed.catalogue
    written = catalogue.written(room, name)
    if written is None and composed.choices[room] == name:
        return composed
    node: Any = catalogue.option(room, name).declared if written is None else written
    recipe = catalogue.recipe(composed.recipe)
    if written is None and recipe.choices.get(room, catalogue.defaults.get(room)) == name:
        node = OmegaConf.merge(node, recipe.sections.get(room) or {})
    tree = OmegaConf.create({**composed.values, room: node})
    return replace(composed, tree=tree, choices={**composed.choices, room: name})


def _unknown_room(composed: Composed, room: str) -> Problem:
    nearest = closest(room, FITTED)
    return Problem(
        code="unknown-space-key",
        says=f"The options of {room} cannot be searched.",
        where=origin(composed, f"{PLACE}.{room}"),
        found=room,
        accepted=listed(FITTED),
        closest=nearest,
        next_step=f"write {PLACE}.{nearest}" if nearest else f"leave out {PLACE}.{room}",
    )


def _unreadable(room: str, text: Any, where: str, error: Exception | None = None) -> Problem:
    return Problem(
        code="bad-space",
        says=f"{PLACE}.{room} names no options.",
        where=where,
        found=f"{text}{f': {error}' if error else ''}".split("\n")[0][:120],
        accepted="choice(a, b), glob(*), glob(*, exclude=c), [a, b]; null: the chosen option only",
        next_step=f"see mlops --help for the options of {room}",
    )
