"""Environment variables and secrets: only by allowed name, and a secret never as text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mlops.config.settings import settings
from mlops.core.errors import REFUSED, closest, fail, listed
from mlops.core.secret import MARK

_ABSENT = "\0absent"


def install_resolvers(project: Path) -> None:
    """Put ``oc.env`` under the project's list of names, and add ``secret``.

    ``${secret:NAME}`` resolves to a mark, never to the value: what is saved, logged or shown
    holds the mark; the part that needs the value gets a :class:`mlops.core.secret.Secret`.
    """

    def allowed(name: str) -> str:
        names = settings(project).allowed_env
        if name not in names:
            raise fail(
                "environment-name",
                f"The environment variable {name} may not be read from a configuration.",
                where=f"${{oc.env:{name}}} or ${{secret:{name}}}",
                found=name,
                accepted=listed(names) or "no names are allowed yet",
                closest=closest(name, names),
                next_step=f"add {name} to allowed_env in mlops.yaml, if you trust who reads it",
                exit_code=REFUSED,
            )
        return name

    def env(name: str, default: Any = _ABSENT) -> Any:
        value = os.environ.get(allowed(name), default)
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

    OmegaConf.register_new_resolver("oc.env", env, replace=True)
    OmegaConf.register_new_resolver("secret", lambda name: MARK + allowed(name), replace=True)
