"""A run's model in MLflow: the logged model, its files, its registered version; each only once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from mlops.core.record import Record
from mlops.tracker.contents import KEY, Place, missing
from mlops.tracker.model_folder import build

NAME = "model"  # so that runs:/RUN_ID/model finds it
_REGISTRATION_S = 60


def find_or_create(place: Place, record: Record) -> Any:
    """The run's logged model, its files perhaps still to come; None if the record has none."""
    if record.model is None or record.model.path in missing(record):
        return None
    found = place.client.search_logged_models(
        [place.experiment_id], f"source_run_id = '{place.run_id}'"
    )
    if found:
        return found[0]
    return place.client.create_logged_model(
        place.experiment_id, name=NAME, source_run_id=place.run_id, tags={KEY: record.key}
    )


def put_files(place: Place, record: Record, model: Any, staged: Path) -> None:
    """Make the model's folder at `staged`, hand it over, remove it; ready ones stay as they are."""
    from mlflow.entities import LoggedModelOutput

    if str(model.status) == "READY":
        return
    shutil.rmtree(staged, ignore_errors=True)
    try:
        build(record, staged, run_id=place.run_id, model=model)
        place.client.log_model_artifacts(model.model_id, str(staged))
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    linked = place.client.get_run(place.run_id).outputs
    if model.model_id not in {each.model_id for each in linked.model_outputs}:  # twice is refused
        place.client.log_outputs(place.run_id, [LoggedModelOutput(model.model_id, 0)])
    place.client.finalize_logged_model(model.model_id, "READY")


def register(place: Place, record: Record, model: Any, tracking_uri: str) -> str:
    """Make the model a version of the registered model, once; return it, empty for none."""
    from mlflow.exceptions import MlflowException

    if not record.register:
        return ""
    try:
        place.client.create_registered_model(record.register)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    found = place.client.search_model_versions(
        f"name = '{record.register}' and run_id = '{place.run_id}'"
    )
    if found:
        return str(found[0].version)
    version = place.client.create_model_version(
        record.register,
        **_source(model, tracking_uri),
        run_id=place.run_id,
        tags={KEY: record.key},
        await_creation_for=_REGISTRATION_S,
    )
    return str(version.version)


def _source(model: Any, tracking_uri: str) -> dict[str, str]:
    """How the registry finds the model; a registry elsewhere does not know our model ids."""
    if os.environ.get("MLFLOW_REGISTRY_URI", tracking_uri) != tracking_uri:
        return {"source": model.artifact_location}
    return {"source": f"models:/{model.model_id}", "model_id": model.model_id}
