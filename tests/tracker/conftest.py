"""What the tests of the tracker share: records of real runs, and questions to a real MLflow."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops.core.record import ModelFile, Record
from mlops.tracker.address import Address
from mlops.tracker.contents import KEY
from mlops.tracker.spool import now_ms

FILES = ("report.html", "config.yaml", "plots/loss.svg")


@pytest.fixture(scope="session")
def pipeline_file(tmp_path_factory) -> Path:
    """A small fitted pipeline over numbers and text, saved by skops."""
    import pandas as pd
    import skops.io
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = pd.DataFrame({"rooms": [1.0, 2.0, 3.0, 4.0], "river": ["no", "yes", "no", "yes"]})
    columns = make_column_transformer((StandardScaler(), ["rooms"]), (OneHotEncoder(), ["river"]))
    fitted = make_pipeline(columns, LinearRegression()).fit(frame, 10 * frame["rooms"])
    path = tmp_path_factory.mktemp("pipeline") / "model.skops"
    skops.io.dump(fitted, path)
    return path


@pytest.fixture
def outputs(work: Path) -> Path:
    """An outputs folder in an empty place."""
    return work / "outputs"


@pytest.fixture
def a_record(outputs: Path) -> Callable[..., Record]:
    """Make the record of a finished run: ``a_record(register="houses")``."""

    def make(**changes: Any) -> Record:
        told: dict[str, Any] = {
            "key": f"run-{uuid.uuid4().hex[:12]}",
            "experiment": "houses",
            "run_name": "first",
            "status": "FINISHED",
            "start_ms": now_ms() - 2000,
            "end_ms": now_ms(),
            "params": {"model.alpha": "0.5", "seed": "0"},
            "tags": {"recipe": "houses"},
            "metrics": (("rmse", 1.5, 0), ("loss", 3.0, 0), ("loss", 2.0, 1)),
        }
        return Record(**{**told, **changes})

    return make


@pytest.fixture
def a_full_record(outputs: Path, a_record, pipeline_file: Path) -> Callable[..., Record]:
    """Make a record with files, a data set and a model in a run folder of its own."""

    def make(**changes: Any) -> Record:
        folder = outputs / "runs" / uuid.uuid4().hex[:8]
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{name} of a run")
        (folder / "model.skops").write_bytes(pipeline_file.read_bytes())
        dataset = {"name": "houses", "digest": "abc123", "source": "houses.csv", "rows": 4}
        columns = [["rooms", "double"], ["river", "string"]]
        model = ModelFile(
            path="model.skops",
            trusted_types=(),
            inputs=(("rooms", "double", True), ("river", "string", True)),
            output="double",
            example=({"rooms": 2.0, "river": "no"},),
            requirements=("scikit-learn", "skops"),
        )
        told = {
            "folder": str(folder),
            "artifacts": ("report.html", "config.yaml", "plots"),
            "dataset": {**dataset, "columns": columns},
            "model": model,
            "register": "houses",
        }
        return a_record(**{**told, **changes})

    return make


class Ledger:
    """What MLflow itself says about the runs at an address."""

    def __init__(self, uri: str) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient(uri)

    def runs(self, key: str | None = None, experiment: str = "houses") -> list[Any]:
        found = self.client.get_experiment_by_name(experiment)
        chosen = f"tags.`{KEY}` = '{key}'" if key else ""
        return self.client.search_runs([found.experiment_id], chosen, max_results=1000)

    def files(self, run_id: str, folder: str | None = None) -> set[str]:
        listed = self.client.list_artifacts(run_id, folder)
        deeper = [self.files(run_id, each.path) for each in listed if each.is_dir]
        return {each.path for each in listed if not each.is_dir}.union(*deeper)

    def models(self, run: Any) -> list[Any]:
        chosen = f"source_run_id = '{run.info.run_id}'"
        return self.client.search_logged_models([run.info.experiment_id], chosen)

    def versions(self, run: Any) -> list[Any]:
        return self.client.search_model_versions(f"run_id = '{run.info.run_id}'")

    def holds_once_and_whole(self, key: str) -> None:
        """Check that the full record of `key` is there exactly once with all that belongs to it."""
        (run,) = self.runs(key)
        assert run.info.status == "FINISHED"
        assert run.data.params == {"model.alpha": "0.5", "seed": "0"}
        assert run.data.metrics == {"rmse": 1.5, "loss": 2.0}
        history = self.client.get_metric_history(run.info.run_id, "loss")
        assert sorted((each.step, each.value) for each in history) == [(0, 3.0), (1, 2.0)]
        (read,) = run.inputs.dataset_inputs
        assert (read.dataset.name, read.dataset.digest) == ("houses", "abc123")
        assert self.files(run.info.run_id) == set(FILES)
        (model,) = self.models(run)
        assert str(model.status) == "READY"
        assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]
        (version,) = self.versions(run)
        assert (version.name, version.tags[KEY]) == ("houses", key)


@pytest.fixture
def ledger(outputs: Path) -> Callable[..., Ledger]:
    """Ask MLflow: ``ledger()`` for the database in outputs, ``ledger(uri)`` for another."""
    return lambda uri=None: Ledger(uri or Address.of(outputs).uri)
