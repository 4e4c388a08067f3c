"""Versions and fronts as the supervisor knows them, with processes that have no orders yet."""

from __future__ import annotations

from functools import partial

import pytest

from mlops.core.serving import Status
from mlops.serving import roster as rostered
from mlops.serving.ahead import model_process
from mlops.serving.fleet import Fleet, Place
from mlops.serving.giving_way import ALWAYS, NEVER, WHILE_LOADING
from mlops.serving.roster import Front, Roster
from mlops.serving.service import Service
from mlops.serving.settings import Settings
from mlops.serving.start import Addresses
from mlops.serving.table import MAIN, SHADOW, Table
from tests.serving.process.server import LONG_S, QUIET, Server


@pytest.fixture
def roster(tmp_path):
    fleet = Fleet()
    yield Roster(fleet, tmp_path, lambda *_: model_process(tmp_path))
    fleet.close()


@pytest.fixture
def service(outputs, tmp_path):
    addresses = Addresses.of(Settings.of(QUIET))
    spec = Server(outputs).spec
    spec.folder.mkdir(parents=True)
    told = []
    made = Service(spec, tmp_path, addresses, told.append)
    made.told = told
    yield made
    made.close()


def loaded(roster, number, role):
    """A version whose process has said that it is ready."""
    roster.need(number, role)
    model = roster.models[number]
    model.pickled, model.place.is_well = b"pickled", True
    return model


def test_a_version_that_leaves_the_shadow_is_ready_when_its_next_process_is(roster):
    model = loaded(roster, 3, SHADOW)
    slow = model.place.child
    assert roster.ready == {3}
    roster.need(3, MAIN)
    assert roster.ready == set()
    assert [message for _, message in roster.fleet.heard(LONG_S)] == [None]
    model.place.died()
    assert roster.ready == set()
    roster.fleet.fill()
    assert model.place.child is not slow
    assert roster.ready == set()
    model.place.is_well = True
    assert roster.ready == {3}


def test_what_nobody_waits_for_is_loaded_in_gaps_as_long_as_there_are_some(roster, monkeypatch):
    ways, start = [], roster._start
    roster._start = lambda *words: (ways.append(words[2]), start())[1]
    loaded(roster, 1, MAIN)
    roster.need(2, MAIN)
    roster.need(3, SHADOW)
    assert ways == [NEVER, WHILE_LOADING, ALWAYS]
    assert roster.starved() == []
    monkeypatch.setattr(rostered, "GAPS_S", 0.0)
    [starved] = roster.starved()
    assert starved.number == 2
    starved.place.renew()
    assert roster.starved() == []
    assert [message for _, message in roster.fleet.heard(LONG_S)] == [None]
    starved.place.died()
    roster.fleet.fill()
    assert ways[3:] == [NEVER]
    assert roster.starved() == []


def test_a_process_that_hangs_while_it_loads_is_late_whether_it_is_the_first_or_not(
    roster, monkeypatch
):
    monkeypatch.setattr(rostered, "LOAD_S", 0.0)
    model = loaded(roster, 1, MAIN)
    assert roster.late() == []
    model.place.is_well = False  # as its successor begins
    assert roster.late() == [model]


def test_who_cannot_take_what_others_serve_is_replaced_and_they_go_on(service, tmp_path):
    service.table = Table(1, {MAIN: 1})
    service.roster._start = lambda *_: model_process(tmp_path)
    model = loaded(service.roster, 1, MAIN)
    front = Front(Place("worker 0", partial(model_process, tmp_path)))
    front.place.owner = front
    service.fleet.add(front.place)
    service._loaded(front, 1, "a worker cannot take it: MemoryError")
    assert model.problem is None
    assert model.pickled
    assert front.place.is_given_up
    assert service.told == ["worker 0: a worker cannot take it: MemoryError"]
    front.place.child.process.wait(10)


def test_a_disk_that_is_full_ends_no_server(service, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mlops.serving.standing.write_whole", full)
        service.standing.says(problem="one")
        service.standing.says(problem="two")
        service.standing.write()
    assert [line for line in service.told if "written" in line] == [
        "the status cannot be written: [Errno 28] No space left on device"
    ]
    service.standing.write()
    assert Status.read(service.spec.folder).problem == "two"
