"""Words that begin with a dash: Hydra's flags, without those that reach around the check."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from mlops.config.catalogue import Catalogue
from mlops.core.errors import REFUSED, USER, MlopsError, closest, fail, listed

_FOLDERS = "is not used: ./conf and ./recipes of the working folder lie over the packaged ones"
_THERE = "put the files into ./conf, or run in the project's folder"
NOT_OURS = {
    "--experimental-rerun": (
        "loads a pickle, which can run any code",
        "type the overrides again: they are in the run folder's result.json",
    ),
    "--config-path": (_FOLDERS, _THERE),
    "--config-name": (_FOLDERS, "write recipe=NAME: a recipe is a whole choice of parts"),
    "--config-dir": (_FOLDERS, _THERE),
}
OWN = ("--debug", "--version")


def read_flags(arguments: list[str], catalogue: Catalogue) -> argparse.Namespace:
    """Hydra's flags among `arguments`, and the rest as ``overrides``.

    Raises
    ------
    MlopsError
        An unknown flag (2), or one that runs code from a file (3).
    """
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()
    parser.allow_abbrev = False
    actions = {name: each for each in parser._actions for name in each.option_strings}
    words = dict.fromkeys((*actions, *OWN))
    known = [each for each in words if each.startswith("--") and each not in NOT_OURS]

    def error(message: str) -> NoReturn:
        raise _unknown(message, arguments, known, catalogue)

    parser.error = error  # type: ignore[method-assign]
    flags = parser.parse_intermixed_args(arguments)
    for flag, (reason, instead) in NOT_OURS.items():
        given = getattr(flags, flag.strip("-").replace("-", "_"))
        if given is not None:
            raise fail(
                "flag-refused",
                f"{flag} {reason}.",
                where=f"command line, {flag}",
                found=str(given)[:80],
                accepted=listed(known, 20),
                next_step=instead,
                exit_code=REFUSED if "pickle" in reason else USER,
            )
    return flags


def _unknown(
    message: str, arguments: list[str], known: list[str], catalogue: Catalogue
) -> MlopsError:
    if "unrecognized" not in message:
        return _wrong_value(message, arguments)
    dashed = [each for each in arguments if each.startswith("-")]
    flag = next((each for each in dashed if each in message), (*dashed, "")[0])
    name, mark, value = flag.lstrip("-").partition("=")
    key = name.replace("-", "_")
    is_key = key.partition(".")[0] in (*catalogue.groups, "recipe", *catalogue.primary.data)
    nearest = "" if is_key else closest(flag.partition("=")[0], known)
    after = arguments[arguments.index(flag) + 1 :] if flag in arguments else []
    if not mark:
        value = after[0] if after and "=" not in after[0] else "VALUE"
    step = f"write {nearest}" if nearest else "see mlops --help"
    return fail(
        "unknown-flag",
        f"mlops has no flag {flag[:80]}.",
        where=f"command line, `{flag[:80]}`",
        found=flag[:80],
        accepted=listed(known, 20),
        closest=nearest,
        next_step=f"write {key}={value[:80]}, without dashes" if is_key else step,
    )


def _wrong_value(message: str, arguments: list[str]) -> MlopsError:
    """A flag that is known, with a value that it does not take, or without one."""
    flag = (re.search(r"argument (--[\w-]+)", message) or ["", "a flag"])[1]
    choices = re.findall(r"'([^']*)'", message.partition("choose from")[2])
    value = (re.search(r"invalid choice: '([^']*)'", message) or ["", ""])[1]
    nearest = closest(value, choices) if value else ""
    return fail(
        "flag-value",
        f"{flag} takes something else.",
        where=f"command line, {flag}",
        found=value[:80] or message[:200],
        accepted=listed(choices) or "one value after it",
        closest=nearest,
        next_step=f"write {flag} {nearest or (choices or ['VALUE'])[0]}",
    )
