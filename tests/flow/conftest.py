"""Commands carried out in this process, in a folder of their own, as a notebook would."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops.cli import run
from mlops.core.record import Result
from mlops.tracker.address import Address

OURS = ("MLFLOW_", "MLOPS_", "HYDRA_")


@dataclass(frozen=True)
class Place:
    """A working folder.

    ``place("model=ridge")`` is the command ``mlops model=ridge`` in it, and returns the result.
    """

    folder: Path

    def __call__(self, *words: str) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(OURS)]:
                patch.delenv(name)
            patch.chdir(self.folder)
            return run(*words)

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    def run_folder(self, result: Result) -> Path:
        return self.folder / result.folder

    def document(self, result: Result) -> dict[str, Any]:
        """``result.json`` of a run."""
        return json.loads((self.run_folder(result) / "result.json").read_text())

    def mlflow(self) -> Any:
        """MLflow's own client for the database in ``outputs``."""
        from mlflow import MlflowClient

        return MlflowClient(Address.of(self.outputs, f"sqlite:///{self.outputs}/mlflow.db").uri)

    def recorded(self, name: str, where: str = "") -> list[Any]:
        """The runs of an experiment, the oldest first."""
        client = self.mlflow()
        experiment = client.get_experiment_by_name(name)
        found = client.search_runs([experiment.experiment_id], where, max_results=500)
        return sorted(found, key=lambda each: each.info.start_time)

    def versions(self, name: str) -> list[Any]:
        """The versions of a registered model, the oldest first."""
        found = self.mlflow().search_model_versions(f"name = '{name}'")
        return sorted(found, key=lambda each: int(each.version))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder to run commands in."""
    return Place(tmp_path)


@pytest.fixture(scope="module")
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    """For fixtures of a wider scope: a new empty folder each time."""
    return lambda: Place(tmp_path_factory.mktemp("place"))
