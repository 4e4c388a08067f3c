"""A project whose trials get into trouble, and searches carried out in it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlops.cli import run
from mlops.core.record import Result

QUIET = (
    "recipe=trouble",
    "tracker=offline",
    "registry=dry_run",
    "ui=silent",
    "mode.judge=false",
    "mode.bootstrap=0",
)


@dataclass
class Place:
    """A working folder: ``place("tuner=optuna")`` is that command in it."""

    folder: Path
    commands: Any = field(repr=False)

    def __call__(self, *words: str) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return run(*QUIET, *words)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """The command as a process of its own."""
        kept = [word for word in QUIET if word != "ui=silent"]
        return self.commands(self.folder).start(*kept, "ui=plain", *words, env=environment)

    def journal(self) -> Path:
        """The file of the one study, or of the last."""
        found = sorted(
            self.folder.glob("outputs/studies/*/*.journal"), key=lambda p: p.stat().st_mtime
        )
        return found[-1]

    def study(self, path: Path | None = None) -> Any:
        """The study as Optuna itself reads it."""
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        store = JournalStorage(JournalFileBackend(str(path or self.journal())))
        return optuna.load_study(study_name=None, storage=store)

    def table(self, path: Path | None = None) -> list[tuple[Any, ...]]:
        """Number, parameters, state and value of each trial."""
        return [
            (each.number, each.params, each.state.name, each.values)
            for each in self.study(path).get_trials()
        ]

    def fits(self) -> list[str]:
        """The slopes that were fitted, as they came."""
        return (self.folder / "fits.txt").read_text().split()


@pytest.fixture
def place(tmp_path: Path, command_line: Any) -> Place:
    """A new place with a hundred points."""
    shutil.copytree(Path(__file__).with_name("trouble_project"), tmp_path, dirs_exist_ok=True)
    random = np.random.default_rng(0)
    xs = random.normal(size=100)
    rows = (
        f"{x:.6f},{2 * x + noise:.6f}\n"
        for x, noise in zip(xs, random.normal(size=100) / 5, strict=True)
    )
    (tmp_path / "points.csv").write_text("x,y\n" + "".join(rows))
    return Place(tmp_path, command_line)
