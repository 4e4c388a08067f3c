"""Commands carried out in this process, in a folder of their own, as a notebook would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops.cli import run
from mlops.core.record import Result
from mlops.core.store import Store
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
        client = self.mlflow()
        found = client.search_model_versions(f"name = '{name}'")
        numbers = sorted(int(each.version) for each in found)
        return [client.get_model_version(name, str(number)) for number in numbers]  # with aliases


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder to run commands in."""
    return Place(tmp_path)


@pytest.fixture(scope="module")
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    """For fixtures of a wider scope: a new empty folder each time."""
    return lambda: Place(tmp_path_factory.mktemp("place"))


class SlowProject:
    """A project whose runs stand still where a test wants them to.

    ``project.held("fit 1")`` starts the command and returns when it stands at the first fit;
    ``project.let_go()`` lets it go on.
    """

    STAYS_S = 180  # on a machine that has other things to do

    def __init__(self, folder: Path, commands: Any) -> None:
        self.folder, self.commands = folder, commands
        self.outputs = folder / "outputs"
        shutil.copytree(Path(__file__).with_name("slow_project"), folder, dirs_exist_ok=True)
        rows = (
            f"{n % 7},{n * 37 % 101},{'abc'[n % 3]},{n % 7 + n * 11 % 5 / 10}\n" for n in range(120)
        )
        (folder / "houses.csv").write_text("rooms,area,kind,price\n" + "".join(rows))
        os.mkfifo(folder / "go")

    def __call__(self, *words: str) -> Any:
        """Run the command to its end."""
        return self.commands("recipe=slow", *words)

    def held(self, stage: str, *words: str) -> subprocess.Popen[str]:
        """Start the command and return when it stands at `stage`."""
        small = ("mode=smoke", "mode.judge=true")
        command = ("recipe=slow", "ui=slow", "tracker=slow", *small, *words)
        process = self.commands.start(*command, env={"STOP_AT": stage})
        end = time.monotonic() + self.STAYS_S
        while not (self.folder / "here").exists():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(f"never at {stage}: " + "".join(process.communicate()))
            time.sleep(0.02)
        (self.folder / "here").unlink()
        return process

    def let_go(self) -> None:
        """Let the one that stands still go on."""
        (self.folder / "go").write_text("")

    def processes(self) -> list[str]:
        """Command lines of recorders that serve this project."""
        listed = subprocess.run(["ps", "-A", "-o", "command"], capture_output=True, check=True)
        lines = listed.stdout.decode("utf-8", "replace").splitlines()
        return [line for line in lines if str(self.folder) in line]

    def nothing_is_half_written(self) -> None:
        """Check every file that has its final name."""
        store = Store(self.outputs / "cache")
        for _, _, entry in store.entries():
            assert store.get(entry.parent.name, entry.name), f"{entry} is damaged"
        for path in self.outputs.rglob("*.json"):
            json.loads(path.read_text())
        for path in self.outputs.rglob("*.yaml"):
            assert yaml.safe_load(path.read_text()), path
        for path in self.outputs.rglob("*.skops"):
            assert zipfile.ZipFile(path).testzip() is None
        for path in self.outputs.rglob("*.html"):
            assert path.read_text().rstrip().endswith("</html>")

    def leftovers(self) -> list[Path]:
        """Temporary files and folders."""
        return list(self.outputs.rglob("*.tmp"))


@pytest.fixture(scope="module")
def slow_project(tmp_path_factory, command_line):
    """A project whose runs can be held at any stage; the tests of a module share it."""
    folder = tmp_path_factory.mktemp("slow")
    return SlowProject(folder, command_line(folder))
