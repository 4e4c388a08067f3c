"""An empty folder as a project, and its configuration checked in this process."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlops.config.build import project_on_path
from mlops.config.catalogue import catalogue
from mlops.config.commandline import understand
from mlops.config.job import Job
from mlops.core.errors import MlopsError, Problem
from mlops.flow.dispatch import job_of

PLACE = re.compile(r"command line|:\d+$|^\S+=\S*$")


@dataclass(frozen=True)
class Project:
    """A folder to write files into, and what `mlops check` says of words typed there."""

    folder: Path

    def write(self, path: str, content: str | bytes) -> Path:
        """Write one file; folders are made."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def check(self, *words: str) -> Job:
        """The job of ``mlops check WORDS``."""
        project_on_path(self.folder)
        return job_of(understand(["check", *words], catalogue()))

    def problems(self, *words: str) -> tuple[Problem, ...]:
        """What is wrong with ``mlops check WORDS``: at least one thing, each told in five parts."""
        with pytest.raises(MlopsError) as caught:
            self.check(*words)
        for each in caught.value.problems:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", each.code)
            assert each.says.endswith((".", ":")), each.says
            assert PLACE.search(each.where), each.where
            assert each.found, each
            assert each.accepted, each
            assert each.next_step, each
            assert "Traceback" not in str(each)
            assert len(str(each)) < 2_000
        return caught.value.problems

    def problem(self, *words: str) -> Problem:
        """The one thing that is wrong."""
        found = self.problems(*words)
        assert len(found) == 1, "\n".join(map(str, found))
        return found[0]


@pytest.fixture
def project(work: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield Project(work)
    for name in set(sys.modules) - before:
        if str(work) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


@pytest.fixture
def files() -> Callable[[Path], dict[str, int]]:
    """Every file below a folder with its time of change: to see that nothing was written."""

    def listed(folder: Path) -> dict[str, int]:
        return {
            str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")
        }

    return listed
