"""What the tests of the registry share: runs that may become versions, without training any."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
