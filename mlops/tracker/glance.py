"""What MLflow's registry says of one model, seen without importing MLflow.

A database in a file is read as it is, a server is asked once or twice. What cannot be seen so (a
database server, a proxy, a server that is away or slow) is left to the recorder.
"""

from __future__ import annotations

import base64
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from mlops.core.lines import parsed
from mlops.core.version import Standing
from mlops.tracker.address import Address, behind_proxy
from mlops.tracker.standings import NUMBER, find_changes, how_left

_PATIENCE_S = 1.0
_API, _MOST, _MOST_BYTES = "api/2.0/mlflow", 1_000, 10_000_000
_LONGEST = 255


@dataclass(frozen=True, kw_only=True)
class Glance:
    """One registered model as it is at this moment.

    Parameters
    ----------
    aliases : dict of str to str
        Name to MLflow's version.
    tags : dict of str to str
        Of the registered model.
    numbers : dict of str to str
        MLflow's version to the number that it is tagged with as ours.
    """

    aliases: dict[str, str]
    tags: dict[str, str]
    numbers: dict[str, str]


def look(address: Address, standing: Standing, spool: Path) -> None:
    """Leave a note of each alias that is not as we left it, if that can be seen from here.

    Parameters
    ----------
    address : Address
        Of the registry.
    standing : Standing
        How the model stands by its ledger.
    spool : pathlib.Path
    """
    seen = glance(address, standing.model, NUMBER)
    if seen is not None:
        ours = {version: int(each) for version, each in seen.numbers.items() if each.isdecimal()}
        now = {name: each for name, each in seen.aliases.items() if _is_plain(name, each)}
        find_changes(standing, how_left(seen.tags), now, ours, spool)


def _is_plain(name: str, version: str) -> bool:
    """Whether an alias is one that MLflow gives, and may stand on a screen."""
    return version.isdecimal() and name.isprintable() and len(name) <= _LONGEST


def glance(address: Address, model: str, tag: str) -> Glance | None:
    """Look at the registered model `model`; None if that cannot be done from here.

    Parameters
    ----------
    address : Address
        Of the registry.
    model : str
    tag : str
        Of a version, that holds our number.
    """
    scheme = address.uri.partition(":")[0]
    if scheme == "sqlite":
        return _in_file(Path(unquote(address.uri.partition(":///")[2])), model, tag)
    if scheme in ("http", "https"):
        return _at_server(address.uri, model, tag)
    return None


def _in_file(path: Path, model: str, tag: str) -> Glance | None:
    import sqlite3

    def rows(said: str, *values: str) -> dict[str, str]:
        return {str(key): str(value) for key, value in database.execute(said, values)}

    at = f"file:{quote(str(path))}?mode=ro"
    names = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
    tags = "SELECT key, value FROM registered_model_tags WHERE name = ?"
    numbers = "SELECT version, value FROM model_version_tags WHERE name = ? AND key = ?"
    try:
        database = sqlite3.connect(at, timeout=_PATIENCE_S, uri=True)
        with contextlib.closing(database):
            database.execute("BEGIN")  # all of it at one moment
            return Glance(
                aliases=rows(names, model),
                tags=rows(tags, model),
                numbers=rows(numbers, model, tag),
            )
    except sqlite3.Error:
        return None


def _at_server(uri: str, model: str, tag: str) -> Glance | None:
    from http.client import HTTPException

    with contextlib.suppress(
        HTTPException, OSError, ValueError, KeyError, TypeError, AttributeError
    ):
        return _asked(uri, model, tag)
    return None


def _asked(uri: str, model: str, tag: str) -> Glance | None:
    """Ask a server; nothing is followed anywhere else, so that a password stays where it is."""
    from http.client import HTTPConnection, HTTPSConnection

    parts = urlsplit(uri)
    if not parts.hostname or behind_proxy(parts.scheme, parts.hostname):
        return None
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with contextlib.closing(kind(parts.hostname, parts.port, timeout=_PATIENCE_S)) as server:

        def told(what: str, **asked: str) -> dict[str, Any]:
            way = f"{parts.path.rstrip('/')}/{_API}/{what}?{urlencode(asked)}"
            server.request("GET", way, headers=_credentials(uri))
            answer = server.getresponse()
            if answer.status != 200:
                raise ValueError(f"{answer.status} {answer.reason}")
            found: dict[str, Any] = parsed(answer.read(_MOST_BYTES))
            return found

        found = told("registered-models/get", name=model)["registered_model"]
        listed = told("model-versions/search", filter=f"name = '{model}'", max_results=str(_MOST))
        return Glance(
            aliases={each["alias"]: str(each["version"]) for each in found.get("aliases", ())},
            tags={each["key"]: str(each["value"]) for each in found.get("tags", ())},
            numbers={
                str(version["version"]): str(each["value"])
                for version in listed.get("model_versions", ())
                for each in version.get("tags", ())
                if each["key"] == tag
            },
        )


def _credentials(uri: str) -> dict[str, str]:
    """What MLflow's own client sends: a token, or name and password."""
    userinfo = urlsplit(uri).netloc.rpartition("@")[0]
    name, _, password = (unquote(each) for each in userinfo.partition(":"))
    name = os.environ.get("MLFLOW_TRACKING_USERNAME") or name
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") or password
    if name:
        word = base64.b64encode(f"{name}:{password}".encode()).decode()
        return {"Authorization": f"Basic {word}"}
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}
