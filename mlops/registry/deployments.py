"""When what went online, and how long that took: notes beside the ledger, which proves nothing.

``outputs/registry/NAME/deployments.jsonl`` holds one line an event, wherever the ledger is kept.
The event ``deployed`` is written when a deployer has ended. Whoever serves models may add
``first_served``: the moment a version answered its first request.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops.core import lines
from mlops.registry.ledger import now
from mlops.registry.versions import FOLDER, Versions

FILE = "deployments.jsonl"
DEPLOYED, FIRST_SERVED = "deployed", "first_served"


def note(versions: Versions, event: str, *, version: int, **more: Any) -> None:
    """Write down that something happened to a version just now; a full disk stops nobody.

    Parameters
    ----------
    versions : Versions
        Of the registered model.
    event : str
        ``deployed`` or ``first_served``.
    version : int
    **more : object
        Of a deployment: ``by`` (the deployer's option), ``seconds``, ``says``, and ``intent``, the
        key of the act in the ledger, or ``run``, the key of the run that made the version.
    """
    with suppress(OSError):
        lines.append(_file(versions), [{"at": now(), "event": event, "version": version, **more}])


def notes(versions: Versions) -> list[dict[str, Any]]:
    """Every note of a model, the oldest first."""
    found = lines.read(_file(versions))
    return [each for each in found if {"at", "event", "version"} <= each.keys()]


def place(versions: Versions) -> Path:
    """Where it is written down what is online here, wherever the ledger is kept."""
    return versions.outputs / FOLDER / versions.model


def _file(versions: Versions) -> Path:
    return place(versions) / FILE
