"""A server of one process for the tests over HTTP, with or without its log process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from mlops.core.serving import Spec
from mlops.serving.nouns import Reply, Served, Stamp
from tests.serving.http.state import Running, State, houses, running

Serve = Callable[..., Running]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve(settings=...)``: a server that ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(**keys: Any) -> Running:
            return stack.enter_context(running(State(tmp_path, **keys)))

        yield start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with every setting as it is, for all tests of a module."""
    with running(State(tmp_path_factory.mktemp("server"))) as found:
        yield found


@pytest.fixture
def log_process(tmp_path: Path) -> Iterator[Path]:
    """A real log process; gives the folder that it writes to."""
    spec = Spec(model="houses", ledger="", outputs=str(tmp_path / "outputs"), project="")
    (tmp_path / "spec.json").write_text(spec.to_json())
    with log_writer(tmp_path):
        yield spec.folder / "log"


@contextlib.contextmanager
def log_writer(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The log process of the server in `folder`, ended as the supervisor ends it."""
    root = Path(__file__).resolve().parents[3]
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            number = str(theirs.fileno())
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mlops.serving.log_process", number, "spec.json"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(root)},
                pass_fds=[theirs.fileno()],
            )
        try:
            until(lambda: (folder / "log.sock").exists())
            yield process
        finally:
            ours.close()  # as when the supervisor ends
            assert process.wait(20) in (0, -9)


def until(is_so: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for something that is about to happen; what it is then."""
    end = monotonic() + seconds
    while not (found := is_so()):
        assert monotonic() < end, "it did not happen"
        sleep(0.02)
    return found


@pytest.fixture
def stamp() -> Stamp:
    return Stamp("request-1")


@pytest.fixture
def served() -> Served:
    return houses()


def problems(reply: Reply) -> list[tuple[str, str]]:
    """Code and path of all that a plain refusal tells."""
    import json

    return [(each["code"], each["path"]) for each in json.loads(reply.body)["error"]["problems"]]
