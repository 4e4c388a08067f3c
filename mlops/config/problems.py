"""The problems that a checked configuration can have, told with their place and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops.config import ranges
from mlops.config.compose import Composed
from mlops.config.origin import origin, words_for
from mlops.config.words import place, retyped, shortened
from mlops.core.errors import Problem, closest, listed

MOST_PLACES = 3  # where a key is that was looked for elsewhere


def problem(composed: Composed, code: str, says: str, key: str, **parts: Any) -> Problem:
    """A problem of `key`, placed where its value comes from."""
    return Problem(code=code, says=says, where=origin(composed, key), **parts)


def choice(composed: Composed, group: str) -> str:
    """``model=ridge``: what was chosen for `group`."""
    return f"{group}={composed.choices.get(group, '')}"


def unknown_key(composed: Composed, key: str, accepted: list[str], owner: str) -> Iterator[Problem]:
    """A key that its owner does not have: a problem for each word typed that sets it."""
    parent, _, name = key.rpartition(".")
    known = list(dict.fromkeys(str(each) for each in accepted))
    inner = list(_below(_node(composed, parent), name))[:MOST_PLACES]
    nearest = inner[0] if inner else closest(name, known)
    rights = [f"{parent}.{each}" if parent else each for each in inner or [nearest] if each]
    for word in words_for(composed, key) or [""]:
        yield Problem(
            code="unknown-key",
            says=f"{key} is no key of {owner}.",
            where=place(word) if word else origin(composed, key),
            found=name or "''",
            accepted=listed(known, 20) or "no keys",
            closest=nearest,
            next_step=_way_out(key, rights, word),
        )


def _node(composed: Composed, key: str) -> Any:
    node: Any = composed.values
    for part in key.split(".") if key else ():
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _below(node: Any, name: str) -> Iterator[str]:
    """Where parts further in have a key of that name: ``regression.primary``."""
    for key, part in node.items() if isinstance(node, dict) else ():
        if isinstance(part, dict):
            yield from [f"{key}.{name}"] * (name in part)
            yield from (f"{key}.{each}" for each in _below(part, name))


def _way_out(key: str, rights: list[str], word: str) -> str:
    """What to type or change instead of `key`; `rights` is empty if none is near."""
    if not rights:
        return f"leave out {shortened(word)}" if word else f"remove {key} there"
    if word:
        return (
            f"write {' or '.join(retyped(word, key, each) or each + '=VALUE' for each in rights)}"
        )
    parent, _, name = key.rpartition(".")
    words = " or ".join(f"`{each.removeprefix(f'{parent}.')}`" for each in rights)
    return f"write {words} instead of `{name}` there"


def missing_value(composed: Composed, key: str, group: str) -> Problem:
    """A key that needs a value and has none."""
    return problem(
        composed,
        "missing-value",
        f"{key} has no value, and {choice(composed, group)} needs one.",
        key,
        found="nothing",
        accepted="a value",
        next_step=_typed(composed, key),
    )


def _typed(composed: Composed, key: str) -> str:
    """How a person gives `key` its value."""
    group, _, name = key.partition(".")
    if group != "flow":
        about = composed.catalogue.option(group, composed.choices[group]).about
        return f"write {name if name in about.get('_words_', ()) else key}=VALUE"
    verb = composed.choices["flow"]
    bare = composed.catalogue.option("flow", verb).about.get("_positionals_", [])
    return f"write mlops {verb} {name.upper() if name in bare else f'{name}=VALUE'}"


def wrong_type(composed: Composed, key: str, value: Any, accepted: str) -> Problem:
    """A value of another type than its key takes."""
    empty = isinstance(value, str) and not value
    return problem(
        composed,
        "wrong-type",
        f"{key} is empty." if empty else f"{key} has the wrong type.",
        key,
        found=_shown(value),
        accepted=accepted.replace("None", "null"),
        next_step=_right_type(key, value, accepted),
    )


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return f"{text[:80]} ({type(value).__name__})" if value is not None else text


def _right_type(key: str, value: Any, accepted: str) -> str:
    if accepted.startswith("str") and isinstance(value, int | float):
        return f"write '{key}=\"{value}\"'"
    return f"give {key} {_example(accepted)}"


def _example(accepted: str) -> str:
    for start, example in (
        ("Literal", "one of these"),
        ("bool", "true or false"),
        ("int", "a whole number"),
        ("float", "a number"),
        ("str", "text"),
        ("list", "[…]"),
        ("dict", "{…}"),
    ):
        if accepted.startswith(start):
            return example
    return "a value of that type"


def out_of_range(composed: Composed, key: str, value: Any, accepted: Any) -> Problem:
    """A value outside what its option declares."""
    words = (
        [each for each in accepted if isinstance(each, str)] if isinstance(accepted, list) else []
    )
    nearest = closest(value, words) if isinstance(value, str) else ""
    told = ranges.told(accepted)
    return problem(
        composed,
        "out-of-range",
        f"{key} is out of range.",
        key,
        found=_shown(value),
        accepted=told,
        closest=nearest,
        next_step=f"write {key}={nearest}" if nearest else f"choose {key} within {told}",
    )


def no_part(composed: Composed, key: str, group: str, value: Any) -> Problem:
    """A value where a part belongs."""
    top = key == group
    return problem(
        composed,
        "no-part",
        f"{key} is a part of its own, and {'has no _target_' if top else 'this is none'}.",
        key if not top else f"{key}._target_",
        found="no _target_" if isinstance(value, dict) else _shown(value),
        accepted="a mapping with _target_, the class of the part",
        next_step=f"choose an option: {group}=OPTION"
        if top
        else f"write {key}.KEY=VALUE for its values",
    )


def bad_reserved(composed: Composed, key: str, value: Any, accepted: str) -> Problem:
    """A word that says how a part is made, with a value that it cannot have."""
    return problem(
        composed,
        "wrong-type",
        f"{key} says how the part is made, and cannot be this.",
        key,
        found=_shown(value),
        accepted=accepted,
        next_step=f"leave out {key}",
    )


def too_many_positionals(composed: Composed, key: str, given: int, taken: list[str]) -> Problem:
    """More values without a name than the target takes."""
    return problem(
        composed,
        "too-many-positionals",
        f"{key} holds more values than the target takes without a name.",
        key,
        found=f"{given} values",
        accepted=f"at most {len(taken)}" + (f": {listed(taken)}" if taken else ""),
        next_step="write each argument as key: value",
    )
