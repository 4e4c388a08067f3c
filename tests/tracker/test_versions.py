"""A sweep registers its winner's model; versions get the names that are due to them, once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlops.tracker.address import Address
from mlops.tracker.desk import Desk
from mlops.tracker.spool import Spool
from mlops.tracker.sync import drain

NAMES = ("champion", "challenger")


@pytest.fixture
def spool(outputs):
    return Spool(outputs, Address.of(outputs))


@pytest.fixture
def desk(spool):
    """Where the recorder delivers, here without its process."""
    return Desk(spool)


@pytest.fixture
def a_child(a_full_record):
    """Make the record of one run of a sweep: it has a model and registers nothing."""
    return lambda **more: a_full_record(register="", parent_key="sweep", **more)


@pytest.fixture
def a_sweep(a_record):
    """Make the record of a sweep that registers the model of `winner`."""
    return lambda winner, **more: a_record(
        key="sweep", register="houses", model_of=winner.key, **more
    )


def aliases(ledger):
    return {
        name: str(version)
        for name, version in ledger().client.get_registered_model("houses").aliases.items()
    }


@pytest.mark.parametrize("comes_first", ["children", "sweep"])
def test_a_sweep_registers_the_model_of_its_winner_once(
    spool, a_child, a_sweep, ledger, comes_first
):
    loser, winner = a_child(), a_child()
    records = [loser, winner, a_sweep(winner)]
    for record in records if comes_first == "children" else reversed(records):
        spool.put(record)
    assert drain(spool.outputs).delivered["sweep"].version == "1"
    (above,), (below,), (other,) = (
        ledger().runs(each) for each in ("sweep", winner.key, loser.key)
    )
    (version,) = ledger().client.search_model_versions("name = 'houses'")
    (model,) = ledger().models(below)
    assert (version.run_id, version.source) == (below.info.run_id, f"models:/{model.model_id}")
    assert version.tags["mlops.run_key"] == winner.key
    for child in (below, other):
        assert child.data.tags["mlflow.parentRunId"] == above.info.run_id


@pytest.mark.parametrize("what", ["never came", "is broken", "has no model"])
def test_a_winner_that_is_not_there_is_told_and_blocks_nothing(
    spool, desk, a_child, a_sweep, a_record, ledger, what
):
    winner = a_record() if what == "has no model" else a_child()
    if what != "never came":
        spool.put(winner)
    if what == "is broken":
        (spool.folder / f"{winner.key}.json").write_text('{"target": "local", "rec')
    run_id, version, remark = desk.deliver(a_sweep(winner))
    assert version == ""
    assert remark == f"no version of houses: the model of {winner.key} is not there"
    (run,) = ledger().runs("sweep")
    assert (run.info.run_id, run.info.status) == (run_id, "FINISHED")
    assert run.data.tags["mlops.missing"] == f"the model of {winner.key}"


def test_what_is_missing_is_told_with_the_delivery(spool, a_record):
    record = a_record()
    spool.put(record)
    spool.delivered(record.key, run_id="r1", version="", remark="no version of houses")
    assert spool.outcome(record.key).says.endswith("; no version of houses")


def test_the_first_version_is_the_champion_and_the_newest_the_challenger(
    desk, a_full_record, ledger
):
    seen = []
    for _ in range(3):
        desk.deliver(a_full_record(aliases=NAMES))
        seen.append(aliases(ledger))
    assert seen == [
        {"champion": "1"},
        {"champion": "1", "challenger": "2"},
        {"champion": "1", "challenger": "3"},
    ]


def test_a_version_without_names_to_give_gets_none(desk, a_full_record, ledger):
    assert desk.deliver(a_full_record())[1] == "1"
    assert aliases(ledger) == {}


def test_a_version_delivered_again_moves_no_name(desk, a_full_record, ledger):
    """A recorder killed before its last line does everything again, maybe much later."""
    records = [a_full_record(aliases=NAMES) for _ in range(3)]
    assert [desk.deliver(record)[1] for record in records] == ["1", "2", "3"]
    client = ledger().client
    client.delete_registered_model_alias("houses", "challenger")
    client.set_registered_model_alias("houses", "champion", "3")
    for record, after in zip(records, [{}, {"challenger": "2"}, {"challenger": "2"}], strict=True):
        desk.deliver(record)
        assert aliases(ledger) == {"champion": "3", **after}
    assert len(client.search_model_versions("name = 'houses'")) == 3


def test_a_recorder_killed_around_the_naming_leaves_one_name(
    spool, a_full_record, a_child, a_sweep, ledger, cli
):
    first, winner = a_full_record(aliases=NAMES), a_child()
    records = [first, winner, a_sweep(winner, aliases=NAMES)]
    for record in records:
        spool.put(record)
    script = [sys.executable, "-c", KILLED, str(spool.outputs)]
    ended = subprocess.run(script, env=cli.environment(), check=False, timeout=120)
    assert ended.returncode == 0
    assert aliases(ledger) == {"champion": "1", "challenger": "2"}
    assert len(ledger().client.search_model_versions("name = 'houses'")) == 2
    assert spool.waiting() == []


KILLED = """
import os, signal, sys
from mlflow import MlflowClient
from mlops.tracker import recorder

def recorded(call):
    if not os.fork():
        real = getattr(MlflowClient, call or "__init__")
        def fatal(*args, **kwargs):
            real(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)
        if call:
            setattr(MlflowClient, call, fatal)
        sys.stdin = open(os.devnull)
        os._exit(recorder.main([sys.argv[1]]))
    return os.waitstatus_to_exitcode(os.wait()[1])

for call in ("create_model_version", "set_registered_model_alias") * 2:
    assert recorded(call) == -signal.SIGKILL
assert recorded("") == 0
"""
