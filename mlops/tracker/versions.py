"""Registered versions in MLflow: a model becomes one only once. Their aliases: ``standings``."""

from __future__ import annotations

import os
from typing import Any

from mlops.core.record import Record
from mlops.tracker.contents import KEY, Place

_REGISTRATION_S = 60


def register(place: Place, record: Record, model: Any, tracking_uri: str) -> str:
    """Make `model` a version of the record's registered model, once; return the version.

    Parameters
    ----------
    place : Place
    record : Record
        Whose ``register`` is asked for.
    model : mlflow.entities.LoggedModel
        This run's own, or another's.
    tracking_uri : str
    """
    ensure_model(place.client, record.register)
    key = record.model_of or record.key
    return create(place.client, record.register, model, key, tracking_uri)


def ensure_model(client: Any, name: str) -> None:
    """Make the registered model `name`, if nobody has."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def create(client: Any, name: str, model: Any, key: str, tracking_uri: str) -> str:
    """The version of `name` that is `model`; made, if there is none.

    Parameters
    ----------
    client : mlflow.MlflowClient
    name : str
    model : mlflow.entities.LoggedModel
    key : str
        Of the run that made it.
    tracking_uri : str
    """
    found = client.search_model_versions(f"name = '{name}' and run_id = '{model.source_run_id}'")
    if found:
        return str(found[0].version)
    version = client.create_model_version(
        name,
        **_source(model, tracking_uri),
        run_id=model.source_run_id,
        tags={KEY: key},
        await_creation_for=_REGISTRATION_S,
    )
    return str(version.version)


def _source(model: Any, tracking_uri: str) -> dict[str, str]:
    """How the registry finds the model; a registry elsewhere does not know our model ids."""
    if os.environ.get("MLFLOW_REGISTRY_URI", tracking_uri) != tracking_uri:
        return {"source": model.artifact_location}
    return {"source": f"models:/{model.model_id}", "model_id": model.model_id}
