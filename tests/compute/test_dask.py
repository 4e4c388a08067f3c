"""A cluster of Dask of our own beside somebody else's, and at a terminal."""

from __future__ import annotations

import socket
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from mlops.compute.dask import Dask
from mlops.core.crew import Ended, Failed, events
from tests.compute.words import deaf, ready

pytestmark = pytest.mark.dask


def started():
    """The processes that multiprocessing has started from this one, but for its servers."""
    tasks = Path("/proc/self/task").glob("*/children")
    pids = [int(pid) for each in tasks for pid in each.read_text().split()]
    return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_nothing_is_said_where_somebody_has_dasks_own_port(tmp_path):
    with socket.socket() as theirs:
        with suppress(OSError):  # somebody has it indeed
            theirs.bind(("127.0.0.1", 8787))
            theirs.listen()
        with warnings.catch_warnings(action="error"):
            Dask(workers=1).opened(tmp_path).close()


def test_its_processes_do_not_hear_ctrl_c_nor_does_one_in_place_of_another(tmp_path):
    part = Dask(workers=1)
    part.belongs_to(tmp_path / "outputs")
    with part.crew(ready) as crew:
        first = started()
        assert first
        assert all(map(deaf, first))
        crew.start("lost", ("engine", tmp_path / "pid"))
        crew.start("done", ("double", 4))
        ended = {event.key: event for event in events(crew)}
        assert isinstance(ended["lost"], Failed)
        assert isinstance(ended["done"], Ended)
        second = started()
        assert not set(first) & set(second)
        assert all(map(deaf, second))
