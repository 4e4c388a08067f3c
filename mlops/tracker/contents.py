"""What a run holds besides its model: parameters, metrics, tags, its data set, its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from mlops.core.record import Record
from mlops.core.secret import masked
from mlops.tracker import limits

KEY, MISSING = "mlops.run_key", "mlops.missing"
_METRICS = 500
_MOST_COLUMNS = 5000


@dataclass(frozen=True)
class Place:
    """A run that is being delivered.

    Parameters
    ----------
    client : mlflow.MlflowClient
    run_id, experiment_id : str
    """

    client: Any
    run_id: str
    experiment_id: str


def missing(record: Record) -> list[str]:
    """Files that `record` names and its folder does not hold (or that lie outside of it)."""
    folder = Path(record.folder).resolve()
    named = [*record.artifacts, *([record.model.path] if record.model else [])]
    paths = {name: (folder / name).resolve() for name in named}
    return sorted(
        name
        for name, path in paths.items()
        if not record.folder or not path.exists() or not path.is_relative_to(folder)
    )


def tags(record: Record) -> dict[str, str]:
    """The tags of `record`, fitted; they say also which of its files are missing."""
    absent = ", ".join(missing(record))
    return limits.fitted({**record.tags, **({MISSING: absent} if absent else {})}, limits.TAG)


def describe(
    place: Place, record: Record, *, model_id: str | None, is_tagged: bool = False
) -> None:
    """Write parameters, tags and metrics, in as few requests as MLflow allows.

    Metrics carry the record's own time: written twice they are one.
    """
    from mlflow.entities import Metric, Param, RunTag

    metrics = [
        Metric(limits.name(name), value, record.end_ms, step, model_id=model_id)
        for name, value, step in record.metrics
    ]
    parts = zip_longest(
        limits.batches(limits.fitted(record.params, limits.PARAM)),
        limits.batches({} if is_tagged else tags(record)),
        limits.chunks(metrics, _METRICS),
    )
    for some_params, some_tags, some_metrics in parts:
        place.client.log_batch(
            place.run_id,
            metrics=some_metrics or [],
            params=[Param(*each) for each in (some_params or {}).items()],
            tags=[RunTag(*each) for each in (some_tags or {}).items()],
        )


def put_inputs(place: Place, record: Record) -> None:
    """Link the run to its data set, told by name, digest and columns; no row is read."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    told = record.dataset
    if not told:
        return
    columns = [{"name": name, "type": kind} for name, kind in told.get("columns", [])]
    rows = told.get("rows", 0)
    source = masked(str(told.get("source", "")))
    dataset = Dataset(
        name=limits.cut(told["name"], limits.EXPERIMENT),
        digest=str(told["digest"])[: limits.DIGEST],
        source_type="local",
        source=json.dumps({"uri": limits.cut(source, limits.PARAM)}),
        schema=json.dumps({"mlflow_colspec": columns[:_MOST_COLUMNS]}),
        profile=json.dumps({"num_rows": rows, "num_elements": rows * len(columns)}),
    )
    context = [InputTag("mlflow.data.context", "training")]
    place.client.log_inputs(place.run_id, [DatasetInput(dataset, context)])


def put_artifacts(place: Place, record: Record) -> None:
    """Copy the record's files and folders; one that is there already is written over."""
    for name in sorted(set(record.artifacts) - set(missing(record))):
        path, parent = Path(record.folder) / name, Path(name).parent.as_posix()
        if path.is_dir():
            place.client.log_artifacts(place.run_id, str(path), Path(name).as_posix())
        else:
            place.client.log_artifact(place.run_id, str(path), parent if parent != "." else None)
