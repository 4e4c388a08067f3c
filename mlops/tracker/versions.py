"""Registered versions: a model becomes one only once, and gets the name that is due to it."""

from __future__ import annotations

import os
from typing import Any

from mlops.core.record import Record
from mlops.tracker.contents import KEY, Place

_REGISTRATION_S = 60


def register(place: Place, record: Record, model: Any, tracking_uri: str) -> str:
    """Make `model` a version of the registered model, once, and name it; return the version.

    Parameters
    ----------
    place : Place
    record : Record
        Whose ``register`` and ``aliases`` are asked for.
    model : mlflow.entities.LoggedModel
        This run's own, or another's.
    tracking_uri : str
    """
    version = _find(place, record, model) or _create(place, record, model, tracking_uri)
    if record.aliases:
        _name(place, record, version)
    return version


def _find(place: Place, record: Record, model: Any) -> str:
    found = place.client.search_model_versions(
        f"name = '{record.register}' and run_id = '{model.source_run_id}'"
    )
    return str(found[0].version) if found else ""


def _create(place: Place, record: Record, model: Any, tracking_uri: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        place.client.create_registered_model(record.register)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = place.client.create_model_version(
        record.register,
        **_source(model, tracking_uri),
        run_id=model.source_run_id,
        tags={KEY: record.model_of or record.key},
        await_creation_for=_REGISTRATION_S,
    )
    return str(version.version)


def _name(place: Place, record: Record, version: str) -> None:
    """The first version takes the first name if nobody has it; a later one the second.

    Done again after a kill it changes nothing: a version that has a name keeps it, and the
    second name never goes back to an older version.
    """
    first, later = record.aliases
    held = {
        alias: str(number)
        for alias, number in place.client.get_registered_model(record.register).aliases.items()
    }
    if version in held.values():
        return
    if version == _oldest(place, record.register):
        if first not in held:
            place.client.set_registered_model_alias(record.register, first, version)
    elif int(held.get(later, 0)) < int(version):
        place.client.set_registered_model_alias(record.register, later, version)


def _oldest(place: Place, name: str) -> str:
    found = place.client.search_model_versions(
        f"name = '{name}'", max_results=1, order_by=["version_number ASC"]
    )
    return str(found[0].version) if found else ""


def _source(model: Any, tracking_uri: str) -> dict[str, str]:
    """How the registry finds the model; a registry elsewhere does not know our model ids."""
    if os.environ.get("MLFLOW_REGISTRY_URI", tracking_uri) != tracking_uri:
        return {"source": model.artifact_location}
    return {"source": f"models:/{model.model_id}", "model_id": model.model_id}
