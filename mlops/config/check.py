"""Checks the whole composed tree before anything runs, and tells every problem at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from omegaconf import OmegaConf

from mlops.config import kinds, problems, ranges, trust
from mlops.config.compose import Composed
from mlops.config.environment import guarded
from mlops.config.origin import origin
from mlops.config.resolve import Resolving
from mlops.config.walk import Walk
from mlops.core import yamlfile
from mlops.core.errors import Problem, listed

# The keys beside the rooms: type, range.
TOP = {
    "name": ("str | None", None),
    "seed": ("int", "int [0, 4294967295]"),
    "outputs": ("str", None),
}


@dataclass(frozen=True)
class Checked:
    """What the walk found.

    Parameters
    ----------
    values : dict
        The whole tree without Hydra's node, resolved to plain data.
    problems : tuple of Problem
        In the order of the table of contents.
    sound : set of str
        Groups in which nothing is wrong.
    bad : set of str
        Keys of which a problem has been told.
    """

    values: dict[str, Any]
    problems: tuple[Problem, ...]
    sound: set[str]
    bad: set[str]


def check(composed: Composed, groups: list[str]) -> Checked:
    """Check the keys, targets, arguments and ranges of `groups`; nothing is imported or run."""
    resolving = Resolving(composed)
    found = [*composed.problems, *_rooms(composed, groups), *_hydra(composed, resolving)]
    found += resolving.problems()
    found += _targets(composed, resolving)
    found += _beside(composed, resolving)
    walk = Walk(composed, resolving.values, resolving.bad)
    sound = set()
    for group in sorted(groups, key=lambda each: each in kinds.KINDS):
        before, bad = len(found), _any_below(group, resolving.bad)
        found += walk.group(group)
        if len(found) == before and not bad and group in resolving.values:
            sound.add(group)
    return Checked(resolving.values, tuple(_once(found, resolving)), sound, resolving.bad)


def alone(composed: Composed, group: str) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The resolved values of one room of `composed`, and what is wrong in that room."""
    resolving = Resolving(composed)
    found = [*resolving.problems(), *_targets(composed, resolving)]
    found += Walk(composed, resolving.values, resolving.bad).group(group)
    return resolving.values[group], tuple(_once(found, resolving))


def _any_below(group: str, bad: set[str]) -> bool:
    return any(key == group or key.startswith(f"{group}.") for key in bad)


def _once(found: list[Problem], resolving: Resolving) -> Iterator[Problem]:
    """Each problem once, as it may be reached by two ways."""
    seen: set[Problem] = set()
    for each in found:
        if each not in seen:
            seen.add(each)
            yield each


def _rooms(composed: Composed, groups: list[str]) -> Iterator[Problem]:
    """Sections that are no rooms, and rooms that are no sections."""
    catalogue = composed.catalogue
    own = [key for key in catalogue.primary.data if key not in ("defaults", "hydra")]
    known = [*catalogue.groups, "recipe", *own]
    verb = composed.choices.get("flow", "")
    of_verb = catalogue.option("flow", verb).declared if verb in catalogue.options("flow") else {}
    words = [*(each for each in of_verb if not each.startswith("_")), *known]
    for key in composed.values:
        if key not in known:
            yield from problems.unknown_key(composed, key, words, f"mlops {verb}".strip())
    for group in groups:
        value = composed.values.get(group)
        if not isinstance(value, dict):
            yield problems.problem(
                composed,
                "not-a-room",
                f"{group} is not a choice of parts any more.",
                group,
                found=str(value)[:80] if group in composed.values else "nothing",
                accepted=f"an option: {listed(catalogue.options(group))}",
                next_step=f"write {group}=OPTION, and values as {group}.key=value",
            )


def _hydra(composed: Composed, resolving: Resolving) -> Iterator[Problem]:
    """Targets in Hydra's own node: also ``()`` and ``class`` of logging, a sweeper's function."""
    node = composed.tree.get("hydra") if "hydra" in composed.tree else None
    if not OmegaConf.is_config(node):
        return
    plain = OmegaConf.to_container(node, resolve=False)
    assert isinstance(plain, dict)
    for key, value in plain.items():
        for place, target in trust.targets(value, f"hydra.{key!s}", str(key).endswith("logging")):
            where = _place(composed, place)
            refused = trust.refusal(composed.catalogue, "hydra", target, where)
            if refused:
                yield refused
    extends = (plain.get("sweeper") or {}).get("custom_search_space")
    if extends is not None:
        where = origin(composed, "hydra.sweeper.custom_search_space")
        refused = trust.refusal(composed.catalogue, "hydra", extends, where)
        if refused:
            yield refused
    yield from _variables(composed, node, plain, resolving)


def _variables(
    composed: Composed, node: Any, plain: dict[Any, Any], resolving: Resolving
) -> Iterator[Problem]:
    """Variables that a launcher or a sweeper may not read."""
    with guarded(composed.catalogue.project):
        for room in ("launcher", "sweeper"):
            if isinstance(plain.get(room), dict):
                for each in resolving.below(node[room], plain[room], f"hydra.{room}"):
                    if each.code != "bad-interpolation":  # Hydra has more to point at than we know
                        yield each


def _place(composed: Composed, key: str) -> str:
    """Where a key of Hydra's node was set: a word, or an option file of the project's own."""
    where = origin(composed, key)
    _, room, *rest = key.split(".")
    name = composed.choices.get(f"hydra/{room}", "")
    file = composed.catalogue.project / "conf" / "hydra" / room / f"{name}.yaml"
    if where.startswith("command line") or not file.is_file():
        return where
    return yamlfile.read(file).at(".".join(rest))


def _targets(composed: Composed, resolving: Resolving) -> Iterator[Problem]:
    """Every target anywhere that is not allowed, under whatever key it stands."""
    for group, value in resolving.values.items():
        for place, target in trust.targets(value, str(group)):
            if place in resolving.bad:
                continue
            where = origin(composed, place)
            refused = trust.refusal(composed.catalogue, str(group), target, where)
            if refused:
                resolving.bad.add(place)
                yield refused


def _beside(composed: Composed, resolving: Resolving) -> Iterator[Problem]:
    """Type and range of the keys beside the rooms."""
    for key, (kind, interval) in TOP.items():
        value = resolving.values.get(key)
        if key in resolving.bad or key not in resolving.values:
            continue
        if not ranges.matches(value, kind) or value == "":
            yield problems.wrong_type(composed, key, value, kind)
        elif interval and not ranges.fits(value, interval):
            yield problems.out_of_range(composed, key, value, interval)
        else:
            continue
        resolving.bad.add(key)
