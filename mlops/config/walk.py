"""Walks the rooms of a configuration: keys, targets, arguments, ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops.config import kinds, own_code, problems, ranges, signature, trust
from mlops.config.about import extra_of
from mlops.config.catalogue import Option
from mlops.config.compose import Composed
from mlops.config.origin import origin, pointed
from mlops.core.errors import REFUSED, Problem, closest, listed

RESERVED = {
    "_target_": "str",
    "_partial_": "bool",
    "_args_": "list",
    "_convert_": "Literal['none', 'partial', 'object', 'all']",
    "_recursive_": "Literal[True]",
}
MADE = {False: "false: the part is taken as made", True: "true: its taker makes the part"}
MISSING = "???"


class Walk:
    """Checks the rooms of one resolved configuration.

    Parameters
    ----------
    composed : Composed
    values : dict
        As they were resolved.
    bad : set of str
        Keys of which a problem has been told already; more are added.
    """

    def __init__(self, composed: Composed, values: dict[str, Any], bad: set[str]) -> None:
        self.composed = composed
        self.catalogue = composed.catalogue
        self.values, self.bad = values, bad
        self.shipped = True

    def group(self, group: str) -> Iterator[Problem]:
        """Every problem of one room."""
        node = self.values.get(group)
        if not isinstance(node, dict) or group in self.bad:
            return
        option = self.catalogue.option(group, self.composed.choices[group])
        self.shipped = option.shipped
        if "_target_" not in node and (group in kinds.KINDS or "_target_" in option.declared):
            yield problems.no_part(self.composed, group, group, node)
            return
        yield from self.node(node, option.declared, group, group)
        for key, accepted in option.about.get("_ranges_", {}).items():
            yield from self.in_range(node, group, str(key), accepted)
        yield from _extra(option)

    def told(self, key: str, problem: Problem) -> Problem:
        """Remember that `key` has its problem."""
        self.bad.add(key)
        return problem

    def settled(self, key: str) -> bool:
        """True if `key`, or what its value points at, has its problem already."""
        return key in self.bad or pointed(self.composed, key) in self.bad

    def node(self, node: Any, declared: Any, key: str, group: str) -> Iterator[Problem]:
        """One value and what lies below it."""
        if self.settled(key):
            return
        if isinstance(node, list):
            for index, each in enumerate(node):
                yield from self.node(each, {}, f"{key}.{index}", group)
        elif not isinstance(node, dict):
            if node == MISSING:
                yield self.told(key, problems.missing_value(self.composed, key, group))
        elif "_target_" in node:
            yield from self.part(node, declared if isinstance(declared, dict) else {}, key, group)
        else:
            yield from self.section(
                node, declared if isinstance(declared, dict) else {}, key, group
            )

    def section(
        self, node: dict[str, Any], declared: dict[str, Any], key: str, group: str
    ) -> Iterator[Problem]:
        """A mapping that makes nothing: any keys, if its option declares none."""
        for name, value in node.items():
            place = f"{key}.{name}"
            if declared and name not in declared:
                owner = problems.choice(self.composed, group) if key == group else key
                self.bad.add(place)
                yield from problems.unknown_key(self.composed, place, list(declared), owner)
            else:
                yield from self.node(value, declared.get(name), place, group)

    def part(
        self, node: dict[str, Any], declared: dict[str, Any], key: str, group: str
    ) -> Iterator[Problem]:
        """A mapping that makes something: its target, then its arguments."""
        place = f"{key}._target_"
        if place in self.bad:
            return
        found = self.target(node["_target_"], place, group)
        if isinstance(found, Problem):
            yield self.told(place, found)
            return
        yield from self.reserved(node, declared, key, group)
        yield from self.arguments(node, declared, key, group, found)
        for name, value in node.items():
            known = found.file is None or name in found.parameters or name in declared
            if name not in RESERVED and known:
                yield from self.node(value, declared.get(name), f"{key}.{name}", group)
        for index, each in enumerate(_positionals(node)):
            yield from self.node(each, {}, f"{key}._args_.{index}", group)

    def target(self, target: Any, key: str, group: str) -> signature.Signature | Problem:
        """What `target` takes, or why it cannot be."""
        where = origin(self.composed, key)
        refused = trust.refusal(self.catalogue, group, target, where)
        if refused:
            return refused
        exact = trust.by_name(self.catalogue, group, target)
        try:
            found = signature.read(target)
        except signature.NotFound as error:
            broken = error.file and own_code.broken(error.file, target)
            return broken or _not_there(target, error, where, through=not exact)
        if target in trust.shipped(self.catalogue, group):
            others = trust.instead(self.catalogue, group, target, key)
            return _misplaced(target, key, where, others) if others else found
        near = exact or trust.by_pattern(self.catalogue, f"{found.module}.x")
        if not near and target.rpartition(".")[0] != found.module:
            return _walks(target, found.module, where)
        wrong = None
        if found.file is not None:
            top = key == f"{group}._target_"
            wrong = own_code.wrong_with(found.file, target, group, where, top)
        return wrong or found

    def reserved(
        self, node: dict[str, Any], declared: dict[str, Any], key: str, group: str
    ) -> Iterator[Problem]:
        """The words that say how a part is made."""
        for name, accepted in RESERVED.items():
            value, place = node.get(name), f"{key}.{name}"
            if name not in node or place in self.bad:
                continue
            later = key != group and declared.get("_partial_") is True
            fixed = name == "_partial_" and (key == group or "_target_" in declared)
            if (fixed and value is not later) or not ranges.matches(value, accepted):
                only = MADE[later] if fixed else accepted
                yield self.told(place, problems.bad_reserved(self.composed, place, value, only))

    def arguments(
        self,
        node: dict[str, Any],
        declared: dict[str, Any],
        key: str,
        group: str,
        found: signature.Signature,
    ) -> Iterator[Problem]:
        """Keys that the target does not take, takes otherwise, or needs."""
        known = [*found.parameters, *(declared if found.open else ())]
        accepted = [name for name in known if name not in RESERVED and name != "self"]
        for name, value in node.items():
            place = f"{key}.{name}"
            if name in RESERVED or self.settled(place):
                continue
            if name not in accepted and found.file is not None:
                owner = problems.choice(self.composed, group) if key == group else key
                self.bad.add(place)
                yield from problems.unknown_key(self.composed, place, accepted, owner)
            elif value != MISSING:
                yield from self.kind(
                    place, value, declared.get(name), found.parameters.get(name), group
                )
        given = _positionals(node)
        by_place = [each.name for each in found.parameters.values() if each.by_place]
        place = f"{key}._args_"
        if len(given) > len(by_place) and found.file is not None and place not in self.bad:
            says = problems.too_many_positionals(self.composed, place, len(given), by_place)
            yield self.told(place, says)
        if node.get("_partial_") or given:
            return
        for parameter in found.parameters.values():
            place = f"{key}.{parameter.name}"
            if parameter.required and parameter.name not in node and place not in self.bad:
                yield self.told(place, problems.missing_value(self.composed, place, group))

    def kind(
        self,
        key: str,
        value: Any,
        declared: Any,
        parameter: signature.Parameter | None,
        group: str,
    ) -> Iterator[Problem]:
        """The type of one argument, by its annotation or by what the option declares."""
        if isinstance(declared, dict) and "_target_" in declared:
            absent = value is None and parameter is not None and not parameter.required
            if not absent and not (isinstance(value, dict) and "_target_" in value):
                yield self.told(key, problems.no_part(self.composed, key, group, value))
            return
        annotation = parameter.annotation if parameter else ""
        annotation = annotation or (
            self.declared_kind(key, declared, group) if self.shipped else ""
        )
        if annotation and not ranges.matches(value, annotation):
            yield self.told(key, problems.wrong_type(self.composed, key, value, annotation))

    def declared_kind(self, key: str, declared: Any, group: str) -> str:
        """The type that a shipped option means by the value it declares."""
        about = self.catalogue.option(group, self.composed.choices[group]).about
        declared_range = about.get("_ranges_", {}).get(key.partition(".")[2])
        if isinstance(declared_range, list):
            return ""
        if isinstance(declared, bool):
            return "bool"
        return "int | None" if isinstance(declared, int) else ""

    def in_range(self, node: Any, group: str, key: str, accepted: Any) -> Iterator[Problem]:
        """One value against what its option declares, unless something is wrong with it already."""
        place, value = group, node
        for part in key.split("."):
            place = f"{place}.{part}"
            if self.settled(place) or not isinstance(value, dict) or part not in value:
                return
            value = value[part]
        if value != MISSING and not ranges.fits(value, accepted):
            yield self.told(place, problems.out_of_range(self.composed, place, value, accepted))


def _positionals(node: dict[str, Any]) -> list[Any]:
    given = node.get("_args_")
    return given if isinstance(given, list) else []


def _extra(option: Option) -> Iterator[Problem]:
    from importlib.util import find_spec

    extra, needed = extra_of(option.about) or ("", "")
    if needed and find_spec(needed) is None:
        yield Problem(
            code="extra-missing",
            says=f"{option.group}={option.name} needs a package that is not installed.",
            where=f"{option.group}={option.name}",
            found=f"no {needed}",
            accepted=f"the extra [{extra}]",
            next_step=f'pip install "mlops[{extra}]"',
            exit_code=4,
        )


def _not_there(target: str, error: signature.NotFound, where: str, through: bool) -> Problem:
    """A target that is not there; refused where its name walks through something else."""
    if through and " is nothing in " in str(error):
        return _walks(target, str(error), where)
    nearest = closest(target.rpartition(".")[2], error.words)
    return Problem(
        code="target-not-found",
        says=f"{target} is not there.",
        where=where,
        found=str(error),
        accepted=listed(error.words) or "an installed package, and a class in it",
        closest=nearest,
        next_step=f"write {target.rpartition('.')[0]}.{nearest}"
        if nearest
        else "correct the name, or install the package that holds it",
    )


def _misplaced(target: str, key: str, where: str, others: frozenset[str]) -> Problem:
    place = key.removesuffix("._target_")
    return Problem(
        code="wrong-kind",
        says=f"{target} cannot stand in {place}.",
        where=where,
        found=target,
        accepted=listed(sorted(others)),
        next_step=f"write one of these in {place}",
        exit_code=REFUSED,
    )


def _walks(target: str, module: str, where: str) -> Problem:
    return Problem(
        code="target-refused",
        says=f"{target} leads out of its package.",
        where=where,
        found=f"defined in {module}" if " " not in module else module,
        accepted="a class defined in the package that the project's settings name",
        next_step="name the class itself in allowed_targets of mlops.yaml, if you trust it",
        exit_code=REFUSED,
    )
