"""What a crew promises, on every engine: whoever places the workers, the door is the same."""

from __future__ import annotations

import os

import pytest

from mlops.core.crew import Ended, Told, events
from tests.compute.words import fled, gone, ready


@pytest.fixture(scope="module")
def crew(engine, part_of):
    """Two workers of one thread each that all tests below share: what they survive, they prove."""
    with part_of(engine, threads=1).crew(ready) as crew:
        yield crew


def done(crew, *tasks, limit_s=None):
    """The last event of each task, by its place."""
    for key, task in enumerate(tasks):
        crew.start(key, task, limit_s=limit_s)
    return {event.key: event for event in events(crew) if not isinstance(event, Told)}


def test_values_come_back_as_they_end(crew, tmp_path):
    crew.start("slow", ("wait", tmp_path / "go"))
    for number in range(5):
        crew.start(number, ("double", number))
    quick = [crew.next() for _ in range(5)]
    assert crew.free == 1
    (tmp_path / "go").touch()
    last = crew.next()
    assert {event.key: event.value for event in quick} == {n: 2 * n for n in range(5)}
    assert isinstance(last, Ended)
    assert last.key == "slow"
    assert crew.next() is None
    assert (crew.size, crew.free) == (2, 2)


def test_what_a_task_tells_comes_before_its_end(crew):
    crew.start("a", "tell")
    heard = list(events(crew))
    assert [each.content for each in heard[:-1]] == [0, 1, 2]
    assert isinstance(heard[-1], Ended)


def test_a_worker_is_made_ready_once_and_serves_many_tasks(crew):
    found = [event.value for event in done(crew, *["setups"] * 20).values()]
    assert all(len(each) == 1 for each in found)
    workers = {each[0] for each in found}
    assert len(workers) <= 2
    assert os.getpid() not in workers


def test_cores_are_shared_out(crew):
    found = done(crew, "threads", "pools")
    assert found[0].value == "1"
    assert found[1].value
    assert set(found[1].value) == {1}


def test_a_task_that_goes_wrong_costs_only_itself(crew):
    found = done(crew, "raise", "kill", "segfault", "exit", "lambda", ("double", 4))
    assert found[0].says == "ValueError: invalid literal for int() with base 10: 'x'"
    assert [found[each].reason for each in range(5)] == [
        *("raised", "killed", "killed", "exited", "raised")
    ]
    assert "SIGKILL" in found[1].says
    assert "SIGSEGV" in found[2].says
    assert "code 3" in found[3].says
    assert found[5].value == 8


def test_a_task_that_hangs_is_ended_with_its_children(crew, tmp_path):
    found = done(crew, ("hang", tmp_path / "pid"), ("double", 1), limit_s=1.5)
    assert (found[0].reason, found[0].says) == ("time limit", "longer than its 1.5 s")
    assert found[1].value == 2
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_task_can_be_stopped_or_forgotten(crew, tmp_path):
    crew.start("first", ("hang", tmp_path / "first"))
    crew.start("beside", ("wait", tmp_path / "go"))
    crew.start("waits", ("double", 2))
    crew.start("last", ("double", 3))
    crew.cancel("waits", "not needed")
    while not (tmp_path / "first").exists():
        crew.next(0.05)
    crew.cancel("first", "enough")
    (tmp_path / "go").touch()
    found = {event.key: event for event in events(crew)}
    assert found["first"].says == "enough"
    assert found["last"].value == 6
    assert gone(int((tmp_path / "first").read_text()))


def test_who_fled_into_a_session_of_its_own_is_ended_too(crew, tmp_path):
    crew.start("a", ("flee", tmp_path / "pid", tmp_path / "fled"))
    while not (found := fled(tmp_path / "fled")):
        crew.next(0.05)
    crew.cancel("a", "enough")
    assert [event.says for event in events(crew)] == ["enough"]
    assert len(found) == 2
    assert all(map(gone, found))


def test_an_engine_s_own_process_that_is_killed_costs_only_its_task(crew, engine, tmp_path):
    crew.start("lost", ("engine", tmp_path / "pid"))
    crew.start("beside", ("wait", tmp_path / "go"))
    event = crew.next()
    assert (event.key, event.reason) == ("lost", "killed")
    assert engine in event.says
    assert gone(int((tmp_path / "pid").read_text()))
    (tmp_path / "go").touch()
    assert [(each.key, type(each)) for each in events(crew)] == [("beside", Ended)]
    found = done(crew, *[("double", each) for each in range(4)])
    assert [found[each].value for each in range(4)] == [0, 2, 4, 6]
