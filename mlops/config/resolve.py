"""Every value made plain: what ``${…}`` points at is put in its place, within bounds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlops.config.compose import Composed
from mlops.config.environment import RESOLVERS, guarded, secret_name
from mlops.config.origin import origin
from mlops.core.errors import MlopsError, Problem, closest

# A few lines of values that point at two values each would otherwise stand for gigabytes.
MOST_JOINED, MOST_LEAVES, MOST_LETTERS = 8, 5_000, 1_000_000
_POINTER = re.compile(r"\$\{([^{}:]+)\}")


class Resolving:
    """Resolves one composed tree.

    Parameters
    ----------
    composed : Composed

    Attributes
    ----------
    values : dict
        The tree as plain data; what could not be resolved is still text.
    bad : set of str
        Keys of which a problem has been told.
    """

    def __init__(self, composed: Composed) -> None:
        self.composed = composed
        self.values: dict[str, Any] = OmegaConf.to_container(composed.tree, resolve=False)  # type: ignore[assignment]
        self.values.pop("hydra", None)
        self.bad: set[str] = set()
        self.lost: set[str] = set()
        self.leaves = MOST_LEAVES
        self.letters = MOST_LETTERS

    @property
    def exhausted(self) -> bool:
        """True once the values stand for more than a configuration may hold."""
        return self.leaves < 0 or self.letters < 0

    def problems(self) -> Iterator[Problem]:
        """Resolve everything; one problem for each value that cannot be."""
        joined = list(_joined(self.values, ""))
        if sum(count - 1 for _, count in joined) > MOST_JOINED:
            yield self.too_large(joined[-1][0], f"{len(joined)} values that join several others")
            self.bad.update(self.composed.values)
            return
        with guarded(self.composed.catalogue.project):
            yield from self.below(self.composed.tree, self.values, "")

    def below(self, node: Any, plain: Any, key: str) -> Iterator[Problem]:
        """Resolve what lies in `plain`, the plain form of `node`, in place."""
        items = plain.items() if isinstance(plain, dict) else enumerate(plain)
        for name, value in list(items):
            place = f"{key}.{name}" if key else str(name)
            if isinstance(value, (dict, list)):
                yield from self.below(node._get_node(name), value, place)
            elif isinstance(value, str):
                problem = self.one(node, plain, name, place, value)
                if problem is not None:
                    self.bad.add(place)
                    same = "too large" if self.exhausted else value
                    if same not in self.lost or problem.code != "bad-interpolation":
                        yield problem
                    self.lost.add(same)

    def one(self, node: Any, plain: Any, name: Any, place: str, value: str) -> Problem | None:
        """Resolve one text; the problem if it cannot be."""
        try:
            if "${" in value:
                plain[name] = self.expanded(node[name])
            for text in _texts(plain[name]):
                secret_name(text, self.composed.catalogue.project)
        except MlopsError as error:
            return self.placed(error, place)
        except (OmegaConfBaseException, RecursionError) as error:
            own = own_error(error)
            return self.placed(own, place) if own else self.nowhere(place, value, error)
        except _TooLarge:
            return self.too_large(place, value[:120])
        return None

    def expanded(self, value: Any) -> Any:
        """`value` as plain data, one step at a time, so that it can be stopped."""
        self.leaves -= 1
        self.letters -= len(value) if isinstance(value, str) else 0
        if self.exhausted:
            raise _TooLarge
        if OmegaConf.is_dict(value):
            return {key: self.expanded(value[key]) for key in value}
        if OmegaConf.is_list(value):
            return [self.expanded(value[index]) for index in range(len(value))]
        return value

    def placed(self, error: MlopsError, key: str) -> Problem:
        """The first problem of `error`, with the file and line of `key`."""
        return replace(error.problems[0], where=origin(self.composed, key))

    def nowhere(self, key: str, value: str, error: BaseException) -> Problem:
        """A value that points at nothing, or back at itself."""
        pointed = [each.strip(".") for each in _POINTER.findall(value)]
        cycle = isinstance(error, RecursionError) or "recursi" in str(error).lower()
        cycle = cycle or any(leads_back(each, key, self.composed.values) for each in pointed)
        inner = value[value.find("${") + 2 :].partition("}")[0]
        resolver, mark, _ = inner.partition(":")
        known = [each for each in keys(self.composed.values) if each != key]
        similar = difflib.get_close_matches(resolver, RESOLVERS, n=1, cutoff=0.75)
        nearest = (similar or [""])[0] if mark else closest(inner, known)
        nearest = "" if nearest == resolver else nearest
        where = origin(self.composed, key)
        step = f"write '{key}=${{{nearest}{':…' if mark else ''}}}'"
        if cycle or not nearest:
            step = f"write {key}=VALUE"
        if where.startswith("command line, `~"):
            step = f"leave out {where.partition('`')[2].rstrip('`')}: {key} needs it"
        return Problem(
            code="bad-interpolation",
            says=f"{key} points back at itself." if cycle else f"{key} points at nothing.",
            where=where,
            found=value[:120],
            accepted="${key} of a key that exists, ${oc.env:NAME} of an allowed name",
            closest="" if cycle else nearest,
            next_step=step,
        )

    def too_large(self, key: str, found: str) -> Problem:
        """Values that stand for far more than they say."""
        return Problem(
            code="bad-interpolation",
            says="Values that point at values grow beyond all measure.",
            where=origin(self.composed, key),
            found=found,
            accepted=f"at most {MOST_JOINED} joined values, {MOST_LEAVES:,} values in all",
            next_step=f"write the value of {key} itself",
        )


class _TooLarge(Exception):
    pass


def _joined(value: Any, key: str) -> Iterator[tuple[str, int]]:
    """Texts with more than one pointer, and how many they have."""
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in items:
            yield from _joined(each, f"{key}.{name}" if key else str(name))
    elif isinstance(value, str) and value.count("${") > 1:
        yield key, value.count("${")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def leads_back(start: str, key: str, values: dict[str, Any]) -> bool:
    """True if the pointers that begin at `start` come round to `key`, or to one of their own."""
    seen: set[str] = {key}
    while start not in seen and not key.startswith(f"{start}."):
        seen.add(start)
        node: Any = values
        for part in start.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        further = _POINTER.findall(node) if isinstance(node, str) else []
        if not further:
            return False
        start = further[0].strip(".")
    return True


def keys(values: Any, key: str = "") -> list[str]:
    """Every dotted key below `values`.

    >>> keys({"model": {"alpha": 1}})
    ['model', 'model.alpha']
    """
    if not isinstance(values, dict):
        return [key]
    found: list[str] = [key] if key else []
    for name, value in values.items():
        found += keys(value, f"{key}.{name}" if key else str(name))
    return found


def own_error(error: BaseException | None) -> MlopsError | None:
    """Our own error, if one lies under `error`."""
    while error is not None:
        if isinstance(error, MlopsError):
            return error
        error = error.__cause__ or error.__context__
    return None
