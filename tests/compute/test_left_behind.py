"""Nothing of a crew stays, however its driver ends, on every engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tests.compute.words import gone, ready, stays

DRIVER = """
import importlib, json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.compute.words import ready

if __name__ == "__main__":
    place, name, keys = Path(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
    part = getattr(importlib.import_module(f"mlops.compute.{name}"), name.title())(**keys)
    part.belongs_to(Path.cwd() / "outputs")
    with part.crew(ready) as crew:
        crew.start("a", ("hang", place))
        while True:
            crew.next(1)
"""


@pytest.fixture
def driven(tmp_path, root):
    """Give a driver whose task hangs, once it does, and the mark of all that it has started."""
    started = []

    def start(engine, **keys):
        place, mark = tmp_path / "pid", f"mark-{tmp_path}"
        command = [sys.executable, "-c", DRIVER, str(root), str(place), engine, json.dumps(keys)]
        log = (tmp_path / "log").open("w")
        environment = {**os.environ, "MARK": mark}
        driver = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=log, start_new_session=True
        )
        started.append(driver)
        while not place.exists() or not place.read_text():
            assert driver.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.02)
        return driver, int(place.read_text()), mark

    yield start
    for driver in started:
        with suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()


def test_when_the_block_ends(engine, part_of, tmp_path):
    part = part_of(engine)
    part.belongs_to(tmp_path / "outputs")
    with part.crew(ready) as crew:
        crew.start("a", ("hang", tmp_path / "pid"))
        crew.start("b", ("hang", tmp_path / "other"))
        crew.start("c", ("double", 1))
        while not ((tmp_path / "pid").exists() and (tmp_path / "other").exists()):
            crew.next(0.05)
    assert gone(int((tmp_path / "pid").read_text()))
    assert gone(int((tmp_path / "other").read_text()))
    assert not list((tmp_path / "outputs").glob("compute"))


def test_when_ctrl_c_is_typed(engine, driven, own_keys_of, tmp_path):
    driver, child, mark = driven(engine, **own_keys_of(engine))
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does: whatever it has started hears it too
    driver.wait(30)
    assert gone(child)
    assert not stays(mark, driver.pid)
    assert not list((tmp_path / "outputs").glob("compute"))
    said = (tmp_path / "log").read_text().strip()
    assert said.endswith("KeyboardInterrupt")
    assert said.count("Traceback") == 1, said


def test_when_the_driver_is_killed(engine, driven, own_keys_of):
    driver, child, mark = driven(engine, **own_keys_of(engine))
    driver.kill()
    driver.wait()
    assert gone(child)
    assert not stays(mark, driver.pid)


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("dask", marks=pytest.mark.dask),
        pytest.param("ray", marks=pytest.mark.ray),
    ],
)
def test_when_the_driver_is_killed_and_the_cluster_lives_on(engine, driven, keys_of):
    driver, child, mark = driven(engine, **keys_of(engine))
    driver.kill()
    driver.wait()
    assert gone(child)
    assert not stays(mark, driver.pid)
