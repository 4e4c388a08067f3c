"""Walks the whole composed tree before anything runs, and tells every problem at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlops.config import ranges, signature, trust
from mlops.config.catalogue import Option
from mlops.config.compose import Composed
from mlops.config.origin import origin
from mlops.core.errors import MlopsError, Problem, closest, listed

RESERVED = ("_target_", "_partial_", "_args_", "_convert_", "_recursive_")
MISSING = "???"


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
    """

    values: dict[str, Any]
    problems: tuple[Problem, ...]
    sound: set[str]


def check(composed: Composed, groups: list[str]) -> Checked:
    """Check the keys, targets, arguments and ranges of `groups`; nothing is imported or run."""
    walk = _Walk(composed, groups)
    problems = [*composed.problems, *walk.all()]
    return Checked(walk.values, tuple(problems), walk.sound)


class _Walk:
    def __init__(self, composed: Composed, groups: list[str]) -> None:
        self.composed, self.groups = composed, groups
        self.catalogue = composed.catalogue
        self.values: dict[str, Any] = {}
        self.sound: set[str] = set()

    def all(self) -> Iterator[Problem]:
        """Every problem, in the order of the table of contents."""
        yield from self.top()
        yield from self.hydra()
        yield from self.resolve()
        for group in self.groups:
            found = list(self.group(group))
            yield from found
            if not found and group in self.values:
                self.sound.add(group)

    def top(self) -> Iterator[Problem]:
        known = [*self.catalogue.groups, *self.catalogue.primary.data]
        for key in self.composed.values:
            if key not in known:
                yield self.unknown(key, [name for name in known if name != "defaults"], "mlops")
        for group in self.groups:
            if not isinstance(self.composed.values.get(group), dict):
                yield self.problem(
                    "not-a-room",
                    f"{group} is not a choice of parts any more.",
                    group,
                    found=str(self.composed.values.get(group, "nothing"))[:80],
                    accepted=f"an option: {listed(self.catalogue.options(group))}",
                    next_step=f"write {group}=OPTION, and values as {group}.key=value",
                )

    def hydra(self) -> Iterator[Problem]:
        node = self.composed.tree.get("hydra") if "hydra" in self.composed.tree else None
        if node is None:
            return
        plain = OmegaConf.to_container(node, resolve=False)
        assert isinstance(plain, dict)
        for key, value in plain.items():
            in_logging = str(key).endswith("logging")
            for place, target in trust.targets(value, f"hydra.{key}", in_logging):
                problem = trust.refusal(
                    self.catalogue, "hydra", target, origin(self.composed, place)
                )
                if problem:
                    yield problem

    def resolve(self) -> Iterator[Problem]:
        """Resolve every value; one problem for each that cannot be."""
        tree = self.composed.tree
        try:
            plain = OmegaConf.to_container(tree, resolve=False)
            assert isinstance(plain, dict)
            plain.pop("hydra", None)
            self.values = plain  # type: ignore[assignment]
            yield from self.leaves(tree, plain, "")
        except RecursionError:
            yield self.problem(
                "bad-interpolation",
                "The configuration is nested without end.",
                "",
                found="a cycle",
                accepted="values that point at other values, never round",
                next_step="look for ${…} that lead back to themselves",
            )

    def leaves(self, node: Any, plain: Any, key: str) -> Iterator[Problem]:
        items = plain.items() if isinstance(plain, dict) else enumerate(plain)
        for name, value in list(items):
            place = f"{key}.{name}" if key else str(name)
            if isinstance(value, str) and "${" in value:
                try:
                    plain[name] = _resolved(node[name])
                except MlopsError as error:
                    yield from error.problems
                except (OmegaConfBaseException, RecursionError) as error:
                    cause = _own_error(error)
                    yield from cause.problems if cause else (self.bad_interpolation(place, value, error),)
            elif isinstance(value, (dict, list)):
                yield from self.leaves(node._get_node(name), value, place)

    def bad_interpolation(self, key: str, value: str, error: BaseException) -> Problem:
        cycle = isinstance(error, RecursionError) or "recursion" in str(error).lower()
        known = _keys(self.composed.values)
        inner = value[value.find("${") + 2 : value.find("}")]
        return self.problem(
            "bad-interpolation",
            f"The value of {key} points nowhere." if not cycle else f"{key} points at itself.",
            key,
            found=value[:120],
            accepted="${key} of a key that exists, ${oc.env:NAME} of an allowed name",
            closest=closest(inner, known),
            next_step=f"correct {key}",
        )

    def group(self, group: str) -> Iterator[Problem]:
        node = self.values.get(group)
        if not isinstance(node, dict):
            return
        option = self.catalogue.option(group, self.composed.choices[group])
        yield from self.node(node, option.declared, group, group)
        for key, accepted in option.about.get("_ranges_", {}).items():
            yield from self.in_range(node, group, str(key), accepted)
        yield from self.extra(option)

    def node(self, node: Any, declared: Any, key: str, group: str) -> Iterator[Problem]:
        if isinstance(node, list):
            for index, each in enumerate(node):
                yield from self.node(each, {}, f"{key}.{index}", group)
            return
        if not isinstance(node, dict):
            if node == MISSING:
                yield self.required(key, group)
            return
        declared = declared if isinstance(declared, dict) else {}
        accepts: dict[str, signature.Parameter] | None = None
        if "_target_" in node:
            found = self.target(node["_target_"], f"{key}._target_", group)
            if isinstance(found, Problem):
                yield found
                return
            accepts = None if found.file is None else found.parameters
            yield from self.arguments(node, declared, key, group, found)
        elif declared:
            for name in node:
                if name not in declared:
                    yield self.unknown(f"{key}.{name}", list(declared), self.choice(group))
        for name, value in node.items():
            if name not in RESERVED and (accepts is None or name in accepts or name in declared):
                yield from self.node(value, declared.get(name), f"{key}.{name}", group)

    def target(self, target: Any, key: str, group: str) -> signature.Signature | Problem:
        where = origin(self.composed, key)
        refused = trust.refusal(self.catalogue, group, target, where)
        if refused:
            return refused
        try:
            found = signature.read(target)
        except signature.NotFound as error:
            name = target.rpartition(".")[2]
            return Problem(
                code="target-not-found",
                says=f"{target} is not there.",
                where=where,
                found=str(error),
                accepted=listed(error.words) or "an installed package, and a class in it",
                closest=closest(name, error.words),
                next_step="correct the name, or install the package that holds it",
            )
        own = trust.by_pattern(self.catalogue, target)
        listed_exactly = target in trust.shipped(self.catalogue, group)
        if own and not listed_exactly and not trust.by_pattern(self.catalogue, f"{found.module}.x"):
            exact = target.rpartition(".")[0] == found.module
            if not exact:
                return trust.refusal(self.catalogue, group, f"{found.module} ({target})", where) or _walks(
                    target, found.module, where
                )
        return found

    def arguments(
        self, node: dict[str, Any], declared: dict[str, Any], key: str, group: str,
        found: signature.Signature,
    ) -> Iterator[Problem]:
        known = [*found.parameters, *(declared if found.open else ())]
        accepted = [name for name in known if name not in RESERVED and name != "self"]
        for name, value in node.items():
            place = f"{key}.{name}"
            if name in RESERVED:
                continue
            if name not in accepted and found.file is not None:
                yield self.unknown(place, accepted, self.choice(group) if key == group else key)
            elif name in found.parameters and value != MISSING:
                yield from self.kind(place, value, found.parameters[name].annotation)
        if node.get("_partial_") or "_args_" in node:
            return
        for parameter in found.parameters.values():
            if parameter.required and parameter.name not in node:
                yield self.required(f"{key}.{parameter.name}", group)

    def kind(self, key: str, value: Any, annotation: str) -> Iterator[Problem]:
        if annotation and not ranges.matches(value, annotation):
            yield self.problem(
                "wrong-type",
                f"{key} has the wrong type.",
                key,
                found=f"{value!r}"[:80],
                accepted=annotation,
                next_step=f"give {key} a value of type {annotation}",
            )

    def in_range(self, node: Any, group: str, key: str, accepted: Any) -> Iterator[Problem]:
        value = node
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                return
            value = value[part]
        place = f"{group}.{key}"
        if value == MISSING or ranges.fits(value, accepted):
            return
        words = accepted if isinstance(accepted, list) else []
        yield self.problem(
            "out-of-range",
            f"{place} is out of range.",
            place,
            found=f"{value!r}"[:80],
            accepted=ranges.told(accepted),
            closest=closest(value, words) if isinstance(value, str) else "",
            next_step=f"choose {place} within {ranges.told(accepted)}",
        )

    def extra(self, option: Option) -> Iterator[Problem]:
        from importlib.util import find_spec

        needed = option.about.get("_extra_")
        if needed and find_spec(str(needed)) is None:
            yield Problem(
                code="extra-missing",
                says=f"{option.group}={option.name} needs a package that is not installed.",
                where=f"{option.group}={option.name}",
                found=f"no {needed}",
                accepted=f"the extra [{needed}]",
                next_step=f'pip install "mlops[{needed}]"',
                exit_code=4,
            )

    def choice(self, group: str) -> str:
        return f"{group}={self.composed.choices.get(group, '')}"

    def required(self, key: str, group: str) -> Problem:
        return self.problem(
            "missing-value",
            f"{key} has no value, and {self.choice(group)} needs one.",
            key,
            found="nothing",
            accepted="a value",
            next_step=f"write {key}=VALUE",
        )

    def unknown(self, key: str, accepted: list[str], owner: str) -> Problem:
        name = key.rpartition(".")[2]
        nearest = closest(name, accepted)
        parent = key[: -len(name)]
        return self.problem(
            "unknown-key",
            f"{key} is no key of {owner}.",
            key,
            found=name,
            accepted=listed(accepted, 20) or "no keys",
            closest=nearest,
            next_step=f"write {parent}{nearest}=…" if nearest else f"remove {key}",
        )

    def problem(self, code: str, says: str, key: str, **parts: Any) -> Problem:
        where = origin(self.composed, key) if key else "configuration"
        return Problem(code=code, says=says, where=where, **parts)


def _walks(target: str, module: str, where: str) -> Problem:
    return Problem(
        code="target-refused",
        says=f"{target} leads out of its package.",
        where=where,
        found=f"defined in {module}",
        accepted="a class defined in the package that the project's settings name",
        next_step=f"name {module} itself in the settings, if you trust it",
        exit_code=3,
    )


def _resolved(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _own_error(error: BaseException | None) -> MlopsError | None:
    while error is not None:
        if isinstance(error, MlopsError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _keys(values: Any, key: str = "") -> list[str]:
    if not isinstance(values, dict):
        return [key]
    found: list[str] = [key] if key else []
    for name, value in values.items():
        found += _keys(value, f"{key}.{name}" if key else str(name))
    return found
