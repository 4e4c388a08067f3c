"""A sweep registers its winner's model, once."""

from __future__ import annotations

import pytest

from mlops.tracker.address import Address
from mlops.tracker.desk import Desk
from mlops.tracker.spool import Spool
from mlops.tracker.sync import drain


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
