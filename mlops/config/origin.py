"""Where a value came from: the command line, the recipe, the option file, the table of contents."""

from __future__ import annotations

import re
from typing import Any

from mlops.config.about import inner
from mlops.config.catalogue import Catalogue
from mlops.config.compose import Composed
from mlops.config.words import place

_POINTER = re.compile(r"^\$\{([A-Za-z_][\w.]*)\}$")


def origin(composed: Composed, key: str) -> str:
    """The place that had the last word on `key`, as ``file:line`` or the word typed.

    Parameters
    ----------
    composed : Composed
    key : str
        Dotted, from the top: ``model.alpha``.
    """
    for word in reversed(composed.words):
        name = _names(word)
        if name in composed.choices and key != name:
            continue
        if name and (key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.")):
            return place(word)
    group, _, rest = key.partition(".")
    further = pointed(composed, key)
    if further and any(_names(word) == further for word in composed.words):
        return origin(composed, further)
    recipe = composed.catalogue.recipe(composed.recipe)
    own = recipe.choices.get(group, composed.catalogue.defaults.get(group))
    if key in recipe.document.lines and own == composed.choices.get(group, own):
        return recipe.document.at(key)
    if group in composed.choices and group != "recipe":
        return _in_option(composed.catalogue, group, composed.choices[group], rest)
    return composed.catalogue.primary.at(key)


def words_for(composed: Composed, key: str) -> list[str]:
    """The words typed that set `key` or something below it, each once, in their order."""
    named = [each for each in composed.words if f"{_names(each)}.".startswith(f"{key}.")]
    return list(dict.fromkeys(named))


def _names(word: str) -> str:
    return word.partition("=")[0].lstrip("+~").split("@")[0]


def pointed(composed: Composed, key: str) -> str:
    """The key that the value of `key` points at and nothing else, or an empty string."""
    node: Any = composed.values
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    match = _POINTER.match(node) if isinstance(node, str) else None
    return match[1] if match and match[1] != key else ""


def _in_option(catalogue: Catalogue, group: str, name: str, key: str) -> str:
    """The line of `key` in the option's file, or in that of an option it is made of."""
    option = catalogue.option(group, name)
    if key in option.document.lines:
        return option.document.at(key)
    for inner_name, under in inner(option.document):
        other = catalogue.option(group, inner_name)
        below = key.removeprefix(f"{under}.") if under else key
        if (not under or below != key) and below.split(".")[0] in other.declared:
            return _in_option(catalogue, group, inner_name, below)
    return option.document.at(key)
