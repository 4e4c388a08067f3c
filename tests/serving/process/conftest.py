"""A server over a copy of the versions that the whole session shares."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.serving.process.server import Server, serving


@pytest.fixture
def outputs(trained: Path, tmp_path: Path) -> Path:
    """A copy, of the versions alone."""
    shutil.copytree(trained / "registry", tmp_path / "outputs" / "registry")
    return tmp_path / "outputs"


@pytest.fixture(scope="module")
def shared_outputs(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for the tests of a module that change nothing there."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(trained / "registry", folder / "outputs" / "registry")
    return folder / "outputs"


@pytest.fixture
def serve(outputs: Path) -> Iterator[Callable[..., Server]]:
    """Start a server: ``serve(canary="challenger")``."""
    with ExitStack() as stack:

        def start(*, version: str | int = "champion", **settings: Any) -> Server:
            made = serving(outputs, version=version, settings=settings)
            return stack.enter_context(made)

        yield start


@pytest.fixture
def damage() -> Callable[[Server, int], None]:
    """Flip a bit of a version's model, as a disk might."""

    def flip(server: Server, number: int) -> None:
        path = server.versions.shelf.place(number) / "model" / "model.skops"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    return flip
