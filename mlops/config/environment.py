"""Environment variables and secrets: only by allowed name, and a secret never as text."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

from mlops.config.settings import settings
from mlops.core.errors import REFUSED, closest, fail, listed
from mlops.core.secret import MARK, Secret

# What a value may compute; clocks, Hydra's own state and whatever else a process has registered
# would make one configuration mean two things.
RESOLVERS = (
    "oc.env",
    "secret",
    "oc.select",
    "oc.decode",
    "oc.create",
    "oc.dict.keys",
    "oc.dict.values",
)
_WHOLE = re.compile(rf"^{MARK}([A-Za-z_]\w*)$")
_ABSENT = "\0absent"


@contextlib.contextmanager
def guarded(project: Path, *, for_hydra: bool = False) -> Iterator[None]:
    """Within the block, values are resolved by :data:`RESOLVERS` alone.

    ``oc.env`` reads the names that the settings of `project` allow. ``${secret:NAME}`` resolves
    to a mark, never to the value: what is saved, logged or shown holds the mark; the part that
    needs the value gets a :class:`mlops.core.secret.Secret`.

    Parameters
    ----------
    project : pathlib.Path
    for_hydra : bool
        True while Hydra makes a launcher or a sweeper: what else is registered stays, and a
        secret is its value, because what is made there knows no marks.
    """
    before = BaseContainer._resolvers
    names = before if for_hydra else RESOLVERS
    BaseContainer._resolvers = {name: before[name] for name in names if name in before}
    try:
        _install(project, reveals=for_hydra)
        yield
    finally:
        BaseContainer._resolvers = before


def _install(project: Path, *, reveals: bool) -> None:
    def env(name: str, default: Any = _ABSENT) -> Any:
        value = os.environ.get(allowed(name, project), default)
        if value == _ABSENT:
            raise fail(
                "environment-missing",
                f"The environment variable {name} is not set.",
                where=f"${{oc.env:{name}}}",
                found="nothing",
                accepted="a value, or a default: ${oc.env:NAME,default}",
                next_step=f"export {name}=…",
            )
        return value

    def secret(name: str) -> str:
        held = Secret(allowed(name, project))
        return held.reveal() if reveals else str(held)

    OmegaConf.register_new_resolver("oc.env", env, replace=True)
    OmegaConf.register_new_resolver("secret", secret, replace=True)


def allowed(name: str, project: Path) -> str:
    """`name`, if the settings of `project` let a configuration read that variable.

    Raises
    ------
    MlopsError
        They do not; exit code 3.
    """
    names = settings(project).allowed_env
    if name in names:
        return name
    raise fail(
        "environment-name",
        f"The environment variable {str(name)[:80]} may not be read from a configuration.",
        where=f"${{oc.env:{name}}} or ${{secret:{name}}}"[:200],
        found=str(name)[:80],
        accepted=listed(names) or "no names are allowed yet",
        closest=closest(name, names),
        next_step=f"add {str(name)[:80]} to allowed_env in mlops.yaml, if you trust who reads it",
        exit_code=REFUSED,
    )


def secret_name(text: str, project: Path) -> str | None:
    """The name that a secret's mark in `text` stands for, or None if there is no mark.

    The mark is plain text that a recipe can write as well, so its name is checked again.

    Raises
    ------
    MlopsError
        The name is not allowed (3), or the secret is only a part of a longer text (2).
    """
    if MARK not in text:
        return None
    whole = _WHOLE.match(text)
    if whole:
        return allowed(whole[1], project)
    raise fail(
        "secret-in-text",
        "A secret cannot be a part of a longer text: it would be written with it.",
        where="${secret:…}",
        found="text around a secret",
        accepted="the secret alone: key: ${secret:NAME}",
        next_step="put the whole text into the environment variable",
    )
