"""Names of models and aliases that every store and file system takes."""

from __future__ import annotations

import re

from mlops.core.errors import fail
from mlops.core.paths import SAFE_NAME

SAFE_ALIAS = re.compile(r"^(?!latest\Z|v\d+\Z)[a-z][a-z0-9_-]{0,63}\Z", re.IGNORECASE)


def safe_name(what: str, name: str) -> None:
    """Refuse a name that not every store and file system takes.

    Parameters
    ----------
    what : str
        ``registered model`` or ``alias``; an alias has no dots, and is no number of a version.
    name : str

    Raises
    ------
    MlopsError
        With the code ``bad-model-name`` or ``bad-alias-name``.
    """
    pattern = SAFE_ALIAS if what == "alias" else SAFE_NAME
    if pattern.match(name):
        return
    raise fail(
        f"bad-{what.rpartition(' ')[2]}-name",
        f"No {what} can have this name.",
        where=what if what == "alias" else "registry.name",
        found=repr(name)[:80],
        accepted="up to 64 letters, digits, '_' and '-', the first a letter; not latest, not v1"
        if what == "alias"
        else "up to 64 letters, digits, '_', '-' and '.', the first a letter or digit",
        next_step="choose such a name",
    )
