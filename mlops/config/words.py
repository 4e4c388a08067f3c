"""The words of a command line, one by one: what Hydra can read, and what this house takes."""

from __future__ import annotations

import re
from dataclasses import replace

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from mlops.config.catalogue import Catalogue
from mlops.core.errors import REFUSED, Problem, closest, listed
from mlops.core.secret import masked
from mlops.core.yamlfile import MOST_DEPTH

MOST_LETTERS, LONGEST_KEY = 20_000, 200
_KEY = re.compile(r"^[A-Za-z_][\w./@-]*$")
_PLAIN_NAME = re.compile(r"^[A-Za-z_][\w-]*$")
# Who carries the jobs of a sweep is the person's to choose; logging, callbacks, folders and the
# search path are started by this house alone.
NOTHING: tuple[str, ...] = ("keep_all", "passthrough", "trust_all", "dry_run")
HYDRA = (
    *("hydra/launcher", "hydra/sweeper", "hydra/sweeper/sampler"),
    *("hydra.launcher", "hydra.sweeper"),
)


def parse_overrides(words: list[str], problems: list[Problem]) -> list[Override]:
    """Parse every override; one problem is added for each that Hydra cannot read."""
    parser = OverridesParser.create()
    parsed: list[Override] = []
    for word in words:
        try:
            bounded(word)
            parsed.append(parser.parse_override(word))
        except (HydraException, OmegaConfBaseException, RecursionError, ValueError) as error:
            problems.append(unreadable(word, error))
    return parsed


def bounded(word: str) -> None:
    """Refuse a word that would keep the parser busy for minutes.

    Raises
    ------
    ValueError
        Too long, nested too deeply, or without a key.
    """
    if len(word) > MOST_LETTERS:
        raise ValueError(f"{len(word):,} characters; at most {MOST_LETTERS:,} can be read")
    key = word.partition("=")[0].lstrip("+~")
    if len(key) > LONGEST_KEY:
        raise ValueError(f"a key of {len(key):,} characters; at most {LONGEST_KEY}")
    depth = 0
    for mark in re.findall(r"[\[{(]|[\]})]", re.sub(r"'[^']*'|\"[^\"]*\"", "", word)):
        depth += 1 if mark in "[{(" else -1
        if depth > MOST_DEPTH:
            raise ValueError(f"brackets {depth} deep; at most {MOST_DEPTH}")
    if not key:
        raise ValueError("no key before the `=`")


def unreadable(word: str, error: Exception) -> Problem:
    """The problem with a word that is not in Hydra's grammar."""
    reason = (str(error).split("\n")[0] or type(error).__name__)[:200]
    key, mark, value = word.partition("=")
    typable = mark and _KEY.match(key) and len(key) <= LONGEST_KEY
    return Problem(
        code="unreadable-override",
        says="A word on the command line is not in Hydra's grammar.",
        where=place(word),
        found=reason,
        accepted="key=value, +key=value, ~key; values with special characters in quotes",
        next_step=f"write {_in_quotes(key, value)}" if typable else "write key=value",
    )


def _in_quotes(key: str, value: str) -> str:
    """`key` and `value` as they can be typed: Hydra's quotes within the shell's."""
    text = value.strip("\"'")
    if len(text) > 80 or "'" in text or '"' in text or "\\" in text:
        return f"{key}=VALUE, with VALUE in double quotes within single ones"
    return f"'{key}=\"{text}\"'"


def place(word: str) -> str:
    """Where a problem of `word` is, as an error line shows it: a verb's own key as it is typed."""
    return f"command line, `{shortened(masked(word.removeprefix('flow.')))}`"


def shortened(word: str) -> str:
    """A word that may be very long, as an error line shows it."""
    return word if len(word) <= 120 else word[:120] + "…"


def wrong(override: Override, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What is wrong with one override that Hydra could read; empty if nothing."""
    if override.is_sweep_override():
        return (_sweep(override),)
    if override.package is not None:
        return (_package(override, catalogue),)
    key = override.key_or_group
    if re.split(r"[./]", key)[0] == "hydra":
        return _hydra(override)
    if key in (*catalogue.groups, "recipe"):
        return _choice(override, catalogue)
    if "/" in key:
        return (_no_group(override, catalogue),)
    if override.is_delete() and key in catalogue.primary.data:
        return (_needed(override),)
    return ()


def _told(override: Override) -> str:
    return place(str(override.input_line))


def _sweep(override: Override) -> Problem:
    line = str(override.input_line)
    return Problem(
        code="sweep-without-m",
        says="Several values for one key are a sweep.",
        where=place(line),
        found=line.partition("=")[2][:120],
        accepted="one value, or -m",
        next_step=f"write mlops -m {line[:120]}, or {override.key_or_group}='[…]' for a list",
    )


def _package(override: Override, catalogue: Catalogue) -> Problem:
    group = override.key_or_group
    nearest = group if group in catalogue.groups else closest(group, catalogue.groups)
    value = override.value() if isinstance(override.value(), str) else "OPTION"
    return Problem(
        code="package-refused",
        says="An option stands in the room of its own name, nowhere else.",
        where=_told(override),
        found=f"{group}@{override.package}",
        accepted="room=option",
        closest=nearest,
        next_step=f"write {nearest}={value}" if nearest else "write room=option",
    )


def _hydra(override: Override) -> tuple[Problem, ...]:
    key = override.key_or_group
    near = any(key == each or key.startswith(f"{each}.") for each in HYDRA)
    value = None if override.is_delete() else override.value()
    named = "/" not in key or (isinstance(value, str) and bool(_PLAIN_NAME.match(value)))
    if near and named and not override.is_delete():
        return ()
    instead = {"hydra.run.dir": "outputs=FOLDER", "hydra.sweep.dir": "outputs=FOLDER"}
    instead |= {"hydra.verbose": "--debug", "hydra.mode": "-m", "hydra.job.name": "name=NAME"}
    return (
        Problem(
            code="hydra-refused",
            says=f"{key} is not for a configuration to set: mlops starts Hydra itself.",
            where=_told(override),
            found=str(override.input_line)[:120],
            accepted="hydra/launcher=, hydra/sweeper= and their values, with -m",
            closest=closest(key, HYDRA),
            next_step=f"write {instead[key]} instead" if key in instead else "leave it out",
            exit_code=REFUSED,
        ),
    )


def _choice(override: Override, catalogue: Catalogue) -> tuple[Problem, ...]:
    """A room takes the name of one of its options."""
    group = override.key_or_group
    if override.is_delete():
        return (_emptied(override, catalogue),)
    value = override.value()
    if isinstance(value, str) and value in catalogue.options(group):
        return ()
    where = _told(override)
    missing = catalogue.missing(group, value, where).problems
    if isinstance(value, dict) and value:
        words = " ".join(f"{group}.{key}={each}" for key, each in value.items())
        says = f"{group} takes the name of an option; its values are written one by one."
        missing = tuple(
            replace(each, says=says, next_step=f"write {words[:160]}") for each in missing
        )
    return missing


def _emptied(override: Override, catalogue: Catalogue) -> Problem:
    group = override.key_or_group
    options = catalogue.options(group)
    nothing = [each for each in NOTHING if each in options]
    return Problem(
        code="room-deleted",
        says=f"{group} cannot be taken out: doing nothing is an option too.",
        where=_told(override),
        found=str(override.input_line)[:120],
        accepted=listed(options, 40),
        next_step=f"write {group}={(nothing or [catalogue.defaults[group]])[0]}",
    )


def _needed(override: Override) -> Problem:
    key = override.key_or_group
    return Problem(
        code="key-needed",
        says=f"{key} cannot be taken out.",
        where=_told(override),
        found=str(override.input_line)[:120],
        accepted=f"a value of {key}",
        next_step=f"leave out {str(override.input_line)[:80]}, or write {key}=VALUE",
    )


def _no_group(override: Override, catalogue: Catalogue) -> Problem:
    key = override.key_or_group
    nearest = closest(key.partition("/")[0], catalogue.groups)
    dotted = key.replace("/", ".")
    return Problem(
        code="unknown-group",
        says=f"There is no group {key}.",
        where=_told(override),
        found=key,
        accepted=listed(catalogue.groups, 40),
        closest=nearest,
        next_step=f"write {dotted}=VALUE for a value" if nearest else "leave it out",
    )


def retyped(word: str, key: str, right: str) -> str:
    """`word`, which sets `key`, with `right` in its place; empty where it is no plain value.

    >>> retyped("cleaner.outlier.factor=3", "cleaner.outlier", "cleaner.outliers")
    'cleaner.outliers.factor=3'
    """
    name, mark, value = word.partition("=")
    return f"{right}{name.lstrip('+~')[len(key) :]}={value}" if mark and len(value) <= 80 else ""
