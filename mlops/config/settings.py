"""The project's settings file ``mlops.yaml``: what its own configs may reach."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from mlops.core import yamlfile
from mlops.core.errors import closest, fail, listed

FILE = "mlops.yaml"
_KEYS = ("allowed_targets", "allowed_env")
_PATTERN = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\.\*)?$")
_ALWAYS = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_NAME")


@dataclass(frozen=True)
class Settings:
    """What this project trusts beyond the shipped options.

    Parameters
    ----------
    allowed_targets : tuple of str
        Exact dotted names, or ``package.*`` for a package of the project's own.
    allowed_env : tuple of str
        Names that ``${oc.env:…}`` and ``${secret:…}`` may read.
    """

    allowed_targets: tuple[str, ...] = ()
    allowed_env: tuple[str, ...] = _ALWAYS


@functools.cache
def settings(project: Path) -> Settings:
    """Read the settings of `project`; without a file, nothing beyond the shipped options.

    Raises
    ------
    MlopsError
        An unknown key, or a value that is no list of names.
    """
    path = project / FILE
    if not path.is_file():
        return Settings()
    document = yamlfile.read(path)
    for key, value in document.data.items():
        nearest = closest(key, _KEYS)
        names = value if isinstance(value, list) else [None]
        if key not in _KEYS or not all(isinstance(each, str) for each in names):
            raise fail(
                "bad-settings",
                f"{FILE} is not as it should be at `{key}`.",
                where=document.at(str(key)),
                found=f"{key}: {value}"[:80],
                accepted=f"{listed(_KEYS)}: each a list of names",
                closest=nearest,
                next_step=f"correct `{key}` in {FILE}",
            )
        for name in names if key == "allowed_targets" else []:
            if not _PATTERN.match(str(name)):
                raise fail(
                    "bad-settings",
                    f"`{name}` is no dotted name.",
                    where=document.at(str(key)),
                    found=str(name),
                    accepted="package.module.Class, or package.* for a package of your own",
                    next_step=f"correct `{name}` in {FILE}",
                )
    return Settings(
        tuple(document.data.get("allowed_targets", ())),
        (*_ALWAYS, *document.data.get("allowed_env", ())),
    )
