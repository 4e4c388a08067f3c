"""What the tests of the registry share: runs that may become versions, without training any."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops.registry.git import Git
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions

FILES = ("model/model.skops", "report.html", "config.yaml")


@pytest.fixture
def outputs(work: Path) -> Path:
    return work / "outputs"


@pytest.fixture
def a_run(outputs: Path) -> Callable[..., Candidate]:
    """Make the folder of a judged run: ``a_run(content="same")``."""

    def make(**more: Any) -> Candidate:
        key = uuid.uuid4().hex[:12]
        folder = outputs / "runs" / f"houses-{key}"
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{name} of {key}")
        about = {"run": key, "content": key, "gates": [], "files": FILES, **more}
        (folder / "candidate.json").write_text(json.dumps(about))
        found = Candidate.of(folder)
        assert found is not None
        return found

    return make


@pytest.fixture
def houses(outputs: Path) -> Versions:
    """The versions of a model that has none yet."""
    return Versions(outputs, "houses")


@pytest.fixture
def three(houses: Versions, a_run) -> Versions:
    """A model of three versions: 1 is the champion, 3 the challenger."""
    for _ in range(3):
        houses.register(a_run())
    return houses


@pytest.fixture
def damage() -> Callable[..., None]:
    """Flip a bit of a version's file, as a disk might; the run's own file keeps its bytes."""

    def flip(versions: Versions, number: int, name: str = "model/model.skops") -> None:
        path = versions.shelf.place(number) / name
        content = bytearray(path.read_bytes())
        content[0] ^= 1
        path.unlink()
        path.write_bytes(content)

    return flip


class Clone:
    """A work tree of somebody's; each call of :meth:`houses` is a command of its own."""

    def __init__(self, folder: Path, outputs: Path) -> None:
        self.folder, self.outputs = folder, outputs

    def git(self, *words: str, at: Path | None = None, stdin: str = "") -> str:
        """What ``git`` answers."""
        asked = ["git", "-C", str(at or self.folder), *words]
        ran = subprocess.run(asked, input=stdin, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def registry(self, **more: Any) -> Git:
        return Git(repository=str(self.folder), **more)

    def houses(self, **more: Any) -> Versions:
        return self.registry(**more).versions(self.outputs, "houses")

    def file(self, path: str, at: str = "models") -> str:
        """A file on the branch."""
        return self.git("cat-file", "blob", f"{at}:models/houses/{path}")

    def subjects(self, branch: str = "models") -> list[str]:
        """Subjects of the commits of a branch, the oldest first."""
        return self.git("log", "--reverse", "--format=%s", branch).splitlines()

    def tags(self) -> list[str]:
        return self.git("tag", "--list", "houses/*").splitlines()


@pytest.fixture
def origin(work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare repository with one commit of code."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = "[user]\nname = Ann\nemail = ann@example.org\n[init]\ndefaultBranch = main\n"
    (work / "gitconfig").write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(work / "gitconfig"))
    folder = work / "origin.git"
    here = Clone(work, work)
    here.git("init", "--quiet", "--bare", "--template=", str(folder))
    commit = here.git("commit-tree", here.git("mktree", at=folder), "-m", "code", at=folder)
    here.git("update-ref", "refs/heads/main", commit, at=folder)
    return folder


@pytest.fixture
def clone(origin: Path, work: Path, outputs: Path) -> Callable[[str], Clone]:
    """Clone the bare repository: ``clone("ann")``."""

    def make(name: str) -> Clone:
        Clone(work, outputs).git("clone", "--quiet", "--template=", str(origin), name)
        return Clone(work / name, outputs)

    return make
