"""How a registered model stands, brought into MLflow: its versions, their numbers, its aliases.

A standing tells all of it, so that it may be delivered again, late, or not at all if a newer one
was. What MLflow was left with is written on the registered model itself, in the tag
``mlops.ledger``: an alias that is found otherwise was moved by somebody else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops.core.lines import parsed
from mlops.core.version import Standing
from mlops.tracker import versions
from mlops.tracker.contents import KEY
from mlops.tracker.elsewhere import leave

LEDGER, NUMBER = "mlops.ledger", "mlops.version"
KINDS = {"seq": int, "restored": str, "changed": int, "aliases": dict, "next": dict}
AGE = ("seq", "restored", "changed")


def align(
    client: Any, standing: Standing, *, spool: Path, uri: str, model_of: Callable[[str], Any]
) -> str:
    """Bring MLflow in line with `standing`; return what could not be, in words.

    Parameters
    ----------
    client : mlflow.MlflowClient
    standing : Standing
    spool : pathlib.Path
        Where notes of what was changed elsewhere are left.
    uri : str
        Tracking address.
    model_of : callable
        Gives the finished logged model of a run key, or None.
    """
    versions.ensure_model(client, standing.model)
    registered = client.get_registered_model(standing.model)
    left = how_left(registered.tags)
    if _is_newer(left, standing):
        return ""  # a newer one was faster
    there, missing = _numbered(client, standing, uri, model_of)
    now = {name: str(number) for name, number in registered.aliases.items()}
    wanted = {name: there.get(number, "") for name, number in standing.aliases.items()}
    ours = {version: number for number, version in there.items()}
    changes = find_changes(standing, left, now, ours, spool)
    tag = {"seq": standing.seq, "hash": standing.hash, "aliases": left.get("aliases", now)}
    tag |= {"restored": standing.restored} if standing.restored else {}
    # What is about to be set is told first: killed in between, we know our own work again.
    client.set_registered_model_tag(
        standing.model, LEDGER, json.dumps({**tag, **_age(left), "next": wanted})
    )
    for name, version in wanted.items():
        _set(client, standing, name, now.get(name, ""), version)
    after = {**now, **wanted}
    tag["aliases"] = {name: version for name, version in after.items() if version}
    tag["changed"] = left.get("changed", 0) + changes  # the same change once more is another one
    client.set_registered_model_tag(standing.model, LEDGER, json.dumps(tag))
    return f"no model in MLflow for version {', '.join(missing)}" if missing else ""


def _set(client: Any, standing: Standing, name: str, now: str, version: str) -> None:
    if version and now != version:
        client.set_registered_model_alias(standing.model, name, version)
    elif now and not version and not standing.aliases[name]:  # taken away, not only missing
        client.delete_registered_model_alias(standing.model, name)


def _numbered(
    client: Any, standing: Standing, uri: str, model_of: Callable[[str], Any]
) -> tuple[dict[int, str], list[str]]:
    """Our numbers to MLflow's, each tagged with ours; numbers that MLflow cannot be given."""
    number_of = {run: number for number, run in standing.versions.items()}
    there: dict[int, str] = {}
    for found in client.search_model_versions(f"name = '{standing.model}'"):
        number = number_of.get(found.tags.get(KEY, ""))
        if number is not None:
            there[number] = str(found.version)
            if found.tags.get(NUMBER) != str(number):
                client.set_model_version_tag(standing.model, found.version, NUMBER, str(number))
    missing = []
    for number, run in sorted(standing.versions.items()):
        if number not in there:
            model = model_of(run)
            if model is None:
                missing.append(str(number))
                continue
            made = versions.create(client, standing.model, model, run, uri)
            client.set_model_version_tag(standing.model, made, NUMBER, str(number))
            there[number] = made
    return there, missing


def _age(left: dict[str, Any]) -> dict[str, Any]:
    """How old the standing was that we left it with."""
    return {key: left.get(key, KINDS[key]()) for key in AGE}


def how_left(tags: Mapping[str, str]) -> dict[str, Any]:
    """How we left the registered model that has these `tags`; empty if we never had it."""
    try:
        found = parsed(tags.get(LEDGER, "{}"))
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    sound = all(isinstance(found.get(key, kind()), kind) for key, kind in KINDS.items())
    return found if sound else {}


def _is_newer(left: dict[str, Any], standing: Standing) -> bool:
    return (left.get("restored", ""), left.get("seq", 0)) > standing.age


def find_changes(
    standing: Standing,
    left: dict[str, Any],
    now: dict[str, str],
    ours: dict[str, int],
    spool: Path,
) -> int:
    """Leave a note of each alias that is not as we left it; return how many there are.

    Parameters
    ----------
    standing : Standing
        How the model stands.
    left : dict of str to object
        See :func:`how_left`.
    now : dict of str to str
        Alias to MLflow's version.
    ours : dict of str to int
        MLflow's version to our number.
    spool : pathlib.Path
        Where the notes lie.
    """
    if not left or _is_newer(left, standing):
        return 0
    changes = list(_changes(left, now))
    for name, was, is_ in changes:
        kept = f"version {standing.aliases[name]}" if name in standing.aliases else ""
        why = f"in MLflow, {name} was {_told(is_, ours)}"
        why += f"; it is {kept} again, as the history says" if kept else ""
        note = {"alias": name, "version": ours.get(is_, 0), "was": ours.get(was, 0), "why": why}
        leave(spool, standing.model, note, seen_at=list(_age(left).values()))
    return len(changes)


def _changes(left: dict[str, Any], now: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Aliases that are neither as they were left nor as we were about to set them."""
    before, ahead = left.get("aliases", {}), left.get("next", {})
    for name in sorted({*before, *now}):
        was, is_ = before.get(name, ""), now.get(name, "")
        if is_ != was and is_ != ahead.get(name, was):
            yield name, was, is_


def _told(version: str, ours: dict[str, int]) -> str:
    if not version:
        return "taken away"
    number = ours.get(version)
    return (
        f"given to version {number}"
        if number
        else f"given to a version that is not ours: {version}"
    )
