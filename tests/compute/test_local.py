"""Worker processes: a task that goes wrong costs only itself, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mlops.compute.local import Local
from mlops.core.crew import Ended, Failed, Told, events
from mlops.core.errors import MlopsError
from tests.compute.words import broken, deaf, fled, gone, of_session, parent_of, ready


def done(tasks: list[Any], *, limit_s: float | None = None, **keys: Any) -> dict[int, Any]:
    """The last event of each task, by its place."""
    with Local(**{"workers": 2, **keys}).crew(ready) as crew:
        for key, task in enumerate(tasks):
            crew.start(key, task, limit_s=limit_s)
        return {event.key: event for event in events(crew) if not isinstance(event, Told)}


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_task_gives_its_value_whoever_does_it(workers):
    found = done([("double", each) for each in range(7)], workers=workers)
    assert [found[each].value for each in range(7)] == [0, 2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize("workers", [0, 1])
def test_what_a_task_tells_comes_before_its_end(workers):
    with Local(workers=workers).crew(ready) as crew:
        crew.start("a", "tell")
        heard = list(events(crew))
    assert [each.content for each in heard[:-1]] == [0, 1, 2]
    assert isinstance(heard[-1], Ended)


def test_a_task_that_goes_wrong_costs_only_itself():
    found = done(["raise", "kill", "segfault", "exit", "lambda", ("double", 4)])
    says = {key: (event.reason, event.says) for key, event in list(found.items()) if key < 5
            for event in [event]}  # fmt: skip
    assert says[0] == ("raised", "ValueError: invalid literal for int() with base 10: 'x'")
    assert says[1][0] == "killed"
    assert "signal 9" in says[1][1]
    assert says[2] == ("killed", "killed by signal 11 (SIGSEGV)")
    assert says[3] == ("exited", "its process exited with code 3")
    assert says[4][0] == "raised"
    assert found[5].value == 8


def test_a_task_that_hangs_is_ended_with_its_children(tmp_path):
    found = done([("hang", tmp_path / "pid"), ("double", 1)], limit_s=1.5)
    assert found[0].reason == "time limit"
    assert "1.5 s" in found[0].says
    assert found[1].value == 2
    assert gone(int((tmp_path / "pid").read_text()))


TOLD = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc tells who")


@TOLD
@pytest.mark.parametrize("ends", ["cancelled", "with the block"])
def test_who_fled_into_a_session_of_its_own_is_ended_too(ends, tmp_path):
    with Local(workers=1).crew(ready) as crew:
        crew.start("a", ("flee", tmp_path / "pid", tmp_path / "fled"))
        while not (found := fled(tmp_path / "fled")):
            crew.next(0.05)
        if ends == "cancelled":
            crew.cancel("a", "enough")
            assert [event.says for event in events(crew)] == ["enough"]
            assert all(map(gone, found))
    assert len(found) == 2
    assert all(map(gone, found))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc")
def test_a_task_that_needs_too_much_memory_is_ended():
    found = done(["eat", ("double", 1)], memory_mb=400)
    assert found[0].reason == "out of memory"
    assert found[1].value == 2


def test_a_task_can_be_stopped_or_forgotten(tmp_path):
    with Local(workers=1).crew(ready) as crew:
        crew.start("first", ("hang", tmp_path / "pid"))
        crew.start("second", ("double", 2))
        crew.start("third", ("double", 3))
        crew.cancel("second", "not needed")
        while not (tmp_path / "pid").exists():
            assert crew.next(0.05) is None or True
        crew.cancel("first", "enough")
        found = {event.key: event for event in events(crew)}
    assert found["first"].says == "enough"
    assert found["third"].value == 6


def test_a_worker_serves_many_tasks_and_cores_are_shared_out():
    found = done(["pid", "pid", "pid", "threads"], workers=1, threads=3)
    assert len({found[each].value for each in range(3)}) == 1
    assert found[0].value != os.getpid()
    assert found[3].value == "3"


def test_workers_that_cannot_be_made_ready_are_told():
    with Local(workers=1).crew(broken) as crew:
        crew.start("a", "pid")
        with pytest.raises(MlopsError) as told:
            list(events(crew))
    assert told.value.problems[0].code == "workers-not-ready"
    assert "no such data" in str(told.value)


@TOLD
def test_a_server_of_workers_that_is_killed_while_it_forks_is_replaced():
    server = done(["parent"], workers=1)[0].value
    os.kill(server, signal.SIGSTOP)
    asks = threading.main_thread().ident

    def kill() -> None:
        while sys._current_frames()[asks].f_code.co_name != "read_signed":
            time.sleep(0.01)  # it is asked for a worker, and whoever asks waits for an answer
        os.kill(server, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = done(["parent"], workers=1)
    killer.join()
    assert found[0].value != server


DEADLY = """
import sys
from mlops.compute.processes import Processes
from mlops.core.errors import MlopsError

sys.path.append(sys.argv[1])
try:
    with Processes(print, size=1, threads=1, preload=("deadly",)) as crew:
        crew.start("one", 1)
except MlopsError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_server_of_workers_that_always_dies_is_told(tmp_path, cli):
    (tmp_path / "deadly.py").write_text("import os\n\nos.kill(os.getpid(), 9)\n")
    command = [sys.executable, "-c", DEADLY, str(tmp_path)]
    ran = subprocess.run(command, env=cli.environment(), capture_output=True, text=True)
    assert ran.returncode == 4, ran.stderr
    assert "error[workers-not-ready]" in ran.stdout
    assert "compute.workers=0" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_nothing_stays_when_the_block_ends(tmp_path):
    with Local(workers=1).crew(ready) as crew:
        crew.start("a", ("hang", tmp_path / "pid"))
        while not (tmp_path / "pid").exists():
            crew.next(0.05)
    assert gone(int((tmp_path / "pid").read_text()))


DRIVER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from mlops.compute.local import Local
from tests.compute.words import ready
with Local(workers=2).crew(ready) as crew:
    crew.start("a", ("flee", Path(sys.argv[2]), Path(sys.argv[3])))
    while True:
        crew.next(1)
"""


@pytest.mark.parametrize("ends", ["killed", "killed while it ends a worker"])
def test_nothing_stays_when_the_driver_is_killed(ends, tmp_path, root):
    places = (tmp_path / "pid", tmp_path / "fled")
    command = [sys.executable, "-c", DRIVER, str(root), *map(str, places)]
    driver = subprocess.Popen(command, cwd=tmp_path)
    while not (found := fled(places[1])):
        assert driver.poll() is None
        time.sleep(0.02)
    child = int(places[0].read_text())
    if ends != "killed":
        os.kill(parent_of(child), signal.SIGSTOP)  # as who ends it does first
    driver.kill()
    driver.wait()
    assert gone(child)
    if Path("/proc").exists():
        assert all(map(gone, found))


def test_failures_are_events_and_not_exceptions_in_one_process_too():
    found = done(["raise"], workers=0)
    assert isinstance(found[0], Failed)
    assert found[0].reason == "raised"


STOPPED = """
import sys
from mlops.compute.processes import Processes

sys.path.append(sys.argv[1])
with Processes(print, size=1, threads=1, preload=("slow",)) as crew:
    crew.start("one", 1)
    crew.next()
"""
SLOW = """
import pathlib
import time

here = pathlib.Path(__file__).with_name("here")
here.touch()
while here.exists():
    time.sleep(0.01)
"""


def test_ctrl_c_reaches_the_driver_alone_also_while_workers_are_made_ready(tmp_path, cli):
    (tmp_path / "slow.py").write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path)],
        env=cli.environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "here").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    while not all(each == process.pid or deaf(each) for each in of_session(process.pid)):
        time.sleep(0.01)  # who hears of it says so, and ends
    (tmp_path / "here").unlink()
    said = process.communicate(timeout=120)[1]
    assert said.count("Traceback") == 1, said
    assert said.endswith("KeyboardInterrupt\n")
