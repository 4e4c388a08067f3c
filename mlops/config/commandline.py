"""Words typed by a person become Hydra's overrides, by one rule.

The first bare word is the verb, further ones are its positionals; ``key=value`` means
``flow.key=value`` where the verb declares that key and no room has its name, else
``room.key=value`` where the option chosen for a room lists it in ``_words_``; free text is
quoted before Hydra sees it. Everything else is Hydra's own grammar.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mlops.config.catalogue import Catalogue, Option
from mlops.config.flags import read_flags
from mlops.core.errors import MlopsError, closest, fail, listed

TEXT = ("reason", "query", "path", "url")
_OTHERWISE = re.compile(r"(?:nan|inf|null|true|false)\Z", re.IGNORECASE)
_QUOTED = re.compile(r"(['\"])(?:\\.|(?!\1)[^\\])*\1", re.DOTALL)
SPACE = ("tuner.space.", "tuner.options.")


@dataclass(frozen=True)
class Command:
    """What was asked for.

    Parameters
    ----------
    verb : str
        An option of the group ``flow``.
    words : tuple of str
        Overrides for Hydra, the verb's own among them.
    flags : argparse.Namespace
        Hydra's flags (``multirun``, ``cfg``, ``info``, …).
    """

    verb: str
    words: tuple[str, ...]
    flags: argparse.Namespace


def understand(arguments: list[str], catalogue: Catalogue) -> Command:
    """Read the command line.

    Raises
    ------
    MlopsError
        An unknown verb or flag, a positional too many, a flag that runs code from a file.
    """
    flags = read_flags(arguments, catalogue)
    _spaces(flags.overrides)
    bare = [word for word in flags.overrides if "=" not in word and not word.startswith("~")]
    words = [word for word in flags.overrides if word not in bare]
    chosen = [word.partition("=")[2] for word in words if word.startswith("flow=")]
    verb = bare[0] if bare else (chosen[-1] if chosen else catalogue.defaults["flow"])
    if verb not in catalogue.options("flow"):
        raise _unknown_verb(verb, bare[1:], catalogue)
    if bare and any(each != verb for each in chosen):
        raise _two_verbs(verb, chosen[-1])
    option = catalogue.option("flow", verb)
    said = [f"flow={verb}"] if bare else []
    rooms = _bare_keys(words, catalogue)
    said += [_own(word, option, catalogue, flags.multirun, rooms) for word in words]
    return Command(verb, (*said, *_positionals(bare[1:], option, catalogue)), flags)


def _spaces(overrides: list[str]) -> None:
    """Refuse ``model = ridge``, which arrives as three words."""
    for index, word in enumerate(overrides):
        if not word or word == "=":
            before, after = overrides[:index], overrides[index + 1 :]
            whole = f"{before[-1]}={after[0]}" if word and before and after else "key=value"
            raise fail(
                "empty-word",
                "There are spaces around a `=`."
                if word
                else "A word on the command line is empty.",
                where=f"command line, word {index + 1}",
                found=f"`{word}`",
                accepted="key=value, without spaces",
                next_step=f"write {whole[:120]}" if word else "leave it out, or write key=''",
            )


def _bare_keys(words: list[str], catalogue: Catalogue) -> dict[str, Option]:
    """Keys that the options chosen in `words`, or by their recipe, take without their room."""
    chosen = [(room.lstrip("+"), each) for room, _, each in (word.partition("=") for word in words)]
    recipes = [each for room, each in chosen if room == "recipe"] or [catalogue.defaults["recipe"]]
    with suppress(MlopsError):  # what is wrong with a recipe or an option is told later, with more
        chosen = [*catalogue.recipe(recipes[-1]).choices.items(), *chosen]
    found: dict[str, Option] = {}
    for room, names in chosen:
        for name in names.split(",") if room in catalogue.groups and room != "flow" else ():
            with suppress(MlopsError):
                option = catalogue.option(room, name)
                found.update(dict.fromkeys(option.about.get("_words_", ()), option))
    return found


def _own(
    word: str, option: Option, catalogue: Catalogue, multirun: bool, rooms: dict[str, Option]
) -> str:
    """One ``key=value`` word: under the room whose key it is, quoted if it is text."""
    key, mark, value = word.partition("=")
    name = key.lstrip("+")
    declared = [each for each in option.node if not each.startswith("_")]
    text = (*TEXT, *option.about.get("_text_", ()))
    if mark and name in declared and name not in catalogue.groups:
        key, name = f"flow.{name}", f"flow.{name}"
    elif mark and name in rooms:
        text = (*text, *rooms[name].about.get("_text_", ()))
        key = name = f"{rooms[name].group}.{name}"
    is_text = name.rpartition(".")[2] in text and "." in name
    if mark and name.startswith(SPACE) and value != "null":
        return f"{key}{mark}{quoted(value)}"  # what a tuner may try, not a sweep of ours
    is_choice = name in ("recipe", *catalogue.groups)
    if is_choice:
        value = ",".join(_as_name(each, catalogue.options(name)) for each in value.split(","))
    if mark and is_text and not (multirun and not name.startswith("flow.")):
        value = quoted(value)
    return f"{key}{mark}{value}"


def _as_name(value: str, options: Collection[str]) -> str:
    """The name of an option that Hydra would read as a number, in quotes."""
    return f"'{value}'" if _OTHERWISE.match(value) and value in options else value


def quoted(value: str) -> str:
    r"""`value` in quotes of Hydra's grammar, unless it already is.

    >>> quoted("better recall, it's ok"), quoted("'done'")
    ("'better recall, it\\'s ok'", "'done'")
    """
    if _QUOTED.fullmatch(value):
        return value
    escaped = re.sub(r"(\\*)'", lambda found: found[1] * 2 + r"\'", value)
    trailing = len(escaped) - len(escaped.rstrip("\\"))
    return f"'{escaped}{escaped[len(escaped) - trailing :]}'"


def _positionals(bare: list[str], option: Option, catalogue: Catalogue) -> list[str]:
    names: list[Any] = option.about.get("_positionals_", [])
    if len(bare) > len(names):
        extra = bare[len(names)]
        raise fail(
            "unexpected-word",
            f"mlops {option.name} takes {_counted(names)}, and this is one more.",
            where=f"command line, `{extra[:80]}`",
            found=extra[:80],
            accepted=listed([str(name).upper() for name in names]) or "key=value",
            next_step=_with_its_room(extra, catalogue),
        )
    return [f"flow.{name}={quoted(word)}" for name, word in zip(names, bare, strict=False)]


def _counted(names: list[Any]) -> str:
    return f"{len(names) or 'no'} bare word{'' if len(names) == 1 else 's'}"


def _with_its_room(word: str, catalogue: Catalogue) -> str:
    """What a bare word was probably meant to be."""
    if word in catalogue.options("flow"):
        return f"write mlops {word}"
    for room in ("recipe", *catalogue.groups):
        if word in catalogue.options(room):
            return f"write {room}={word}"
    return f"write key=value, or leave out `{word[:80]}`"


def _two_verbs(verb: str, other: str) -> MlopsError:
    return fail(
        "two-verbs",
        "One command does one thing.",
        where=f"command line, `flow={other}`",
        found=f"{verb} and flow={other}",
        accepted="one verb",
        next_step=f"write mlops {verb}, or mlops {other}",
    )


def _unknown_verb(verb: str, further: list[str], catalogue: Catalogue) -> MlopsError:
    verbs = catalogue.options("flow")
    rooms = [room for room in ("recipe", *catalogue.groups) if verb in catalogue.options(room)]
    nearest = "" if rooms else closest(verb, verbs)
    if verb in ("recipe", *catalogue.groups):
        nearest, step = "", f"write mlops {verb}={(further or ['OPTION'])[0]}"
    elif rooms:
        step = f"write mlops {rooms[0]}={verb}"
    else:
        step = f"write mlops {nearest}" if nearest else "see mlops --help; values are key=value"
    return fail(
        "unknown-verb",
        f"`{verb[:80]}` is no verb of mlops.",
        where=f"command line, `{verb[:80]}`",
        found=verb[:80],
        accepted=listed(verbs, 30),
        closest=nearest,
        next_step=step,
    )
