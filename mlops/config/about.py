"""What an option file says about itself, lifted out before anything is composed."""

from __future__ import annotations

import re
from typing import Any

from mlops.config import ranges
from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.yamlfile import Document

_NAME = re.compile(r"^[A-Za-z_][\w-]*$")
_INNER = re.compile(r"^([A-Za-z_][\w-]*)(?:@([A-Za-z_]\w*))?$")
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "_tasks_": (list, "a list of tasks: [regression, classification]"),
    "_ranges_": (dict, 'key: interval, or list of values: {alpha: "(0, inf)"}'),
    "_space_": (dict, 'key: sweep text: {alpha: "interval(0, 1)"}'),
    "_extra_": ((str, dict), "the name of a package, or of an extra: of a package"),
    "_positionals_": (list, "a list of keys of this option"),
    "_text_": (list, "a list of keys of this option"),
    "_words_": (list, "a list of keys of this option"),
    "_scope_": (str, "itself, or recipe"),
}
ABOUT = tuple(_KINDS)


def lifted(document: Document) -> dict[str, Any]:
    """The keys of :data:`ABOUT` in `document`.

    Raises
    ------
    MlopsError
        One of them is not of its kind; with the line.
    """
    about = {key: document.data[key] for key in ABOUT if key in document.data}
    for key, value in about.items():
        kind, accepted = _KINDS[key]
        if not isinstance(value, kind) or (key == "_extra_" and not _is_extra(value)):
            raise _bad(document, key, f"{value!r}"[:80], accepted)
    for name, accepted in about.get("_ranges_", {}).items():
        if not ranges.readable(accepted):
            raise _bad(document, f"_ranges_.{name}", str(accepted)[:80], '"[0, 1)", "int [1, inf)"')
    return about


def _is_extra(value: Any) -> bool:
    """Whether it is a name, or one name to another."""
    names = (
        [each for pair in value.items() for each in pair]
        if value and isinstance(value, dict)
        else [value]
    )
    return len(names) <= 2 and all(_NAME.match(str(each)) for each in names)


def extra_of(about: dict[str, Any]) -> tuple[str, str] | None:
    """The extra that an option needs and the package that it brings; None if it needs none.

    >>> extra_of({"_extra_": "ray"}), extra_of({"_extra_": {"dask": "distributed"}}), extra_of({})
    (('ray', 'ray'), ('dask', 'distributed'), None)
    """
    told = about.get("_extra_")
    pair = next(iter(told.items())) if isinstance(told, dict) else (told, told)
    return (str(pair[0]), str(pair[1])) if told else None


def inner(document: Document) -> list[tuple[str, str]]:
    """Options that `document` is made of: pairs of name and the key it stands under.

    ``regression@regression`` stands under that key; ``ridge`` alone is what this one starts from
    (its key is then empty). Nothing else can be named: an option has its own room only.

    Raises
    ------
    MlopsError
        No list, or an entry that reaches into another room (exit code 3).
    """
    entries = document.data.get("defaults", [])
    if not isinstance(entries, list):
        raise _bad(document, "defaults", str(entries)[:80], "a list of options of this room")
    found = []
    for index, entry in enumerate(entries):
        match = _INNER.match(entry) if isinstance(entry, str) else None
        if entry == "_self_":
            continue
        if match is None or (match[2] or "").startswith("_"):
            raise fail(
                "option-reaches-outside",
                f"{document.path.name} is made of more than options of its own room.",
                where=document.at(f"defaults.{index}"),
                found=str(entry)[:80],
                accepted="OPTION@KEY or OPTION, an option of the same room; _self_",
                next_step="remove the entry, or choose the other room's option in a recipe",
                exit_code=REFUSED,
            )
        found.append((match[1], match[2] or ""))
    return found


def _bad(document: Document, key: str, found: str, accepted: str) -> MlopsError:
    return fail(
        "bad-option",
        f"{document.path.name} is not as it should be at `{key}`.",
        where=document.at(key),
        found=found,
        accepted=accepted,
        next_step=f"correct `{key}` in {document.at(key)}",
    )
