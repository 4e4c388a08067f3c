"""Words typed by a person become Hydra's overrides, by one rule.

The first bare word is the verb, further ones are its positionals; ``key=value`` means
``flow.key=value`` where the verb declares that key and no room has its name; free text is
quoted before Hydra sees it. Everything else is Hydra's own grammar.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from mlops.config.catalogue import Catalogue, Option
from mlops.core.errors import REFUSED, closest, fail, listed

TEXT = ("reason", "query", "path", "url")


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
    flags = _flags(arguments)
    bare = [word for word in flags.overrides if "=" not in word and not word.startswith("~")]
    words = [word for word in flags.overrides if word not in bare]
    chosen = [word.partition("=")[2] for word in words if word.startswith("flow=")]
    verb = bare[0] if bare else (chosen[-1] if chosen else catalogue.defaults["flow"])
    if verb not in catalogue.options("flow"):
        raise _unknown_verb(verb, catalogue)
    option = catalogue.option("flow", verb)
    said = [f"flow={verb}"] if bare else []
    said += [_own(word, option, catalogue, flags.multirun) for word in words]
    return Command(verb, (*said, *_positionals(bare[1:], option)), flags)


def _flags(arguments: list[str]) -> argparse.Namespace:
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()
    known = [each for action in parser._actions for each in action.option_strings]

    def error(message: str) -> NoReturn:
        flag = next((each for each in arguments if each.startswith("-")), "")
        raise fail(
            "unknown-flag",
            "The command line is not understood.",
            where="command line",
            found=message,
            accepted=listed([each for each in known if each.startswith("--")], 20),
            closest=closest(flag, known),
            next_step="see mlops --help",
        )

    parser.error = error  # type: ignore[method-assign]
    flags = parser.parse_intermixed_args(arguments)
    if flags.experimental_rerun is not None:
        raise fail(
            "flag-refused",
            "--experimental-rerun loads a pickle, which can run any code.",
            where="command line, --experimental-rerun",
            found=str(flags.experimental_rerun),
            accepted="the overrides of the run, typed again",
            next_step="see overrides in the run folder's result.json",
            exit_code=REFUSED,
        )
    return flags


def _own(word: str, option: Option, catalogue: Catalogue, multirun: bool) -> str:
    """One ``key=value`` word: under ``flow.`` if the verb declares it, quoted if it is text."""
    key, mark, value = word.partition("=")
    name = key.lstrip("+")
    declared = [each for each in option.node if not each.startswith("_")]
    if mark and name in declared and name not in catalogue.groups:
        key, name = f"flow.{name}", f"flow.{name}"
    text = (*TEXT, *option.about.get("_text_", ()))
    is_text = name.rpartition(".")[2] in text and "." in name
    if mark and is_text and not (multirun and not name.startswith("flow.")):
        value = quoted(value)
    return f"{key}{mark}{value}"


def quoted(value: str) -> str:
    r"""`value` in quotes of Hydra's grammar, unless it already is.

    >>> quoted("better recall, it's ok"), quoted("'done'")
    ("'better recall, it\\'s ok'", "'done'")
    """
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value
    escaped = re.sub(r"(\\*)'", lambda found: found[1] * 2 + r"\'", value)
    trailing = len(escaped) - len(escaped.rstrip("\\"))
    return f"'{escaped}{escaped[len(escaped) - trailing :]}'"


def _positionals(bare: list[str], option: Option) -> list[str]:
    names: list[Any] = option.about.get("_positionals_", [])
    if len(bare) > len(names):
        extra = bare[len(names)]
        raise fail(
            "unexpected-word",
            f"mlops {option.name} takes {len(names)} words, and `{extra}` is one more.",
            where=f"command line, `{extra}`",
            found=extra,
            accepted=listed([str(name).upper() for name in names]) or "key=value",
            next_step=f"write key=value, or leave out `{extra}`",
        )
    return [f"flow.{name}={quoted(word)}" for name, word in zip(names, bare, strict=False)]


def _unknown_verb(verb: str, catalogue: Catalogue) -> Any:
    verbs = catalogue.options("flow")
    nearest = closest(verb, verbs)
    return fail(
        "unknown-verb",
        f"`{verb}` is no verb of mlops.",
        where=f"command line, `{verb}`",
        found=verb,
        accepted=listed(verbs, 30),
        closest=nearest,
        next_step=f"write mlops {nearest}" if nearest else "see mlops --help; values are key=value",
    )
