"""A configuration as a run wrote it down: the truth about that run, and trusted no more than any.

What the metrics depend on comes from the record, whatever has become of recipes and option files
since. Where results go, how they look and who is told stay with the person at the keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mlops.config import trust
from mlops.config.candidates import FITTED, Candidates
from mlops.config.catalogue import Catalogue, Option, Recipe
from mlops.config.compose import Composed
from mlops.core import yamlfile
from mlops.core.errors import Problem
from mlops.core.secret import masked
from mlops.core.yamlfile import Document

ROOMS = (
    *("data", "contract", "splitter", "cleaner", "features", "model", "tuner", "evaluator"),
    "mode",
)
HIDDEN = "***"  # what stands for a password or a token in what was written


@dataclass(frozen=True, eq=False)
class _Record(Catalogue):
    """A catalogue in which a run's choices and values are what it wrote down."""

    document: Document
    choices: dict[str, str]
    space: dict[str, str]
    candidates: Candidates

    def options(self, group: str) -> list[str]:
        """Where the run's search chose among options, those it chose among."""
        return sorted(self.candidates.get(group) or super().options(group))

    def written(self, group: str, name: str) -> dict[str, Any] | None:
        """The values of one of those."""
        return self.candidates.get(group, {}).get(name)

    def option(self, group: str, name: str) -> Option:  # type: ignore[override]  # not cached: records differ
        """An option as it is; where the run had it, with the keys that it had there."""
        values, place = self.written(group, name), f"{group}.{name}."
        if values is None:
            if group not in ROOMS or name != self.choices[group]:
                return super().option(group, name)
            values, place = self.document.data[group], f"{group}."
        space = {
            key.removeprefix(place): text
            for key, text in self.space.items()
            if key.startswith(place)
        }
        if self.file("conf", f"{group}/{name}") is None:  # it is gone, its class may be there
            about = {"_space_": space}
            return Option(group, name, self.document, values, values, about, shipped=False)
        now = super().option(group, name)
        declared = _joined(now.declared, values)
        return replace(now, declared=declared, about={**now.about, "_space_": space})

    def recipe(self, name: str) -> Recipe:  # type: ignore[override]
        """The record stands in the place of the recipe: values come from its lines."""
        return Recipe(name, self.document, self.choices)


def recorded(
    composed: Composed,
    file: Path,
    *,
    choices: dict[str, Any],
    space: dict[str, Any],
    candidates: dict[str, Any],
    name: str,
) -> Composed:
    """`composed`, but with what a run wrote down for all that its metrics depend on.

    Parameters
    ----------
    composed : Composed
        Of the command that asks for it.
    file : pathlib.Path
        The run's ``config.yaml``.
    choices, space : dict
        Room to option, and full key to search space, as the run had them.
    candidates : dict
        Room to option to its values, where the run's search chose among options.
    name : str
        What the run was called.

    Raises
    ------
    MlopsError
        The file cannot be read.
    """
    document = yamlfile.read(file)
    kept = {room: str(choices.get(room, "")) or "recorded" for room in (*ROOMS, "recipe")}
    texts = {str(key): str(text) for key, text in space.items()}
    among = _candidates(candidates)
    record = _Record(composed.catalogue.project, _whole(document), kept, texts, among)
    values = {room: _plain(record.document.data[room]) for room in ROOMS}
    beside = {"seed": document.data.get("seed", 0), "name": name}
    return replace(
        composed,
        tree=OmegaConf.create({**composed.values, **values, **beside}),
        choices={**composed.choices, **kept},
        catalogue=record,
        problems=(*_refused(record, document), *_hidden(document)),
    )


def with_data(composed: Composed, option: str, node: dict[str, Any]) -> Composed:
    """A recorded configuration whose rows come from elsewhere.

    Parameters
    ----------
    composed : Composed
        As :func:`recorded` gives it.
    option : str
        Of the room ``data``.
    node : dict
        Its values.
    """
    record = composed.catalogue
    assert isinstance(record, _Record)
    values, choices = {**composed.values, "data": node}, {**record.choices, "data": option}
    document = replace(record.document, data={**record.document.data, "data": node})
    catalogue = replace(record, document=document, choices=choices)
    problems = tuple(each for each in composed.problems if each.code != "masked-value")
    return replace(
        composed,
        tree=OmegaConf.create(values),
        choices={**composed.choices, "data": option},
        catalogue=catalogue,
        problems=problems,
    )


def _candidates(told: dict[str, Any]) -> Candidates:
    """What was written down of the options that a search chose among, as far as it is sound."""
    return {
        room: {str(name): _plain(node) for name, node in nodes.items() if isinstance(node, dict)}
        for room, nodes in told.items()
        if room in FITTED and isinstance(nodes, dict)
    }


def _whole(document: Document) -> Document:
    """`document` with every room, empty where it has none, so that the check can say so."""
    rooms = {room: document.data.get(room) for room in ROOMS}
    found = {room: node if isinstance(node, dict) else {} for room, node in rooms.items()}
    return replace(document, data={**document.data, **found})


def _plain(value: Any) -> Any:
    """`value`, whose texts were resolved when they were written: ``${`` in them is text."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + r"\${", value)
    return value


def _joined(one: Any, other: Any) -> Any:
    """Every key that one of two nodes has; where both have a value, that of the first."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return one
    both = {key: _joined(value, other[key]) for key, value in one.items() if key in other}
    return {**other, **one, **both}


def _refused(record: _Record, document: Document) -> Iterator[Problem]:
    """Targets that may not be, in any part of the record, used here or not."""
    for group, node in document.data.items():
        for place, target in trust.targets(node, str(group)):
            refused = trust.refusal(record, str(group), target, document.at(place))
            if refused:
                yield refused


def _hidden(document: Document) -> Iterator[Problem]:
    """Values that were hidden when they were written, so that they cannot be had back."""
    for room in ROOMS:
        for key, text in _texts(document.data.get(room), room):
            if HIDDEN in text and masked(text) == text:
                yield Problem(
                    code="masked-value",
                    says=f"{key} held a secret, which was not written down.",
                    where=document.at(key),
                    found=text[:120],
                    accepted="a secret by name, ${secret:NAME}, is read from the environment again",
                    next_step="run the recipe itself, with the secret in the environment",
                )


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text below `value`, with its key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in items:
            yield from _texts(each, f"{key}.{name}")
