"""A run's model in MLflow: the logged model and its files, each only once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mlops.core.record import Record
from mlops.tracker.contents import KEY, Place, missing
from mlops.tracker.model_folder import build

NAME = "model"  # so that runs:/RUN_ID/model finds it


def find_or_create(place: Place, record: Record) -> Any:
    """The run's logged model, its files perhaps still to come; None if the record has none."""
    if record.model is None or record.model.path in missing(record):
        return None
    return logged(place, place.run_id) or place.client.create_logged_model(
        place.experiment_id, name=NAME, source_run_id=place.run_id, tags={KEY: record.key}
    )


def logged(place: Place, run_id: str) -> Any:
    """The logged model of a run in the same experiment; None if it has none."""
    found = place.client.search_logged_models([place.experiment_id], f"source_run_id = '{run_id}'")
    return found[0] if found else None


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
