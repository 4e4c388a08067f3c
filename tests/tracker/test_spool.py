"""What is in the spool survives everything and ends in exactly one place."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mlops.core.errors import MlopsError
from mlops.core.record import Record
from mlops.tracker import spool as spool_module
from mlops.tracker.address import Address
from mlops.tracker.offline import Offline
from mlops.tracker.spool import Spool
from mlops.tracker.sync import pending


@pytest.fixture
def spool(outputs):
    return Spool(outputs, Address.of(outputs))


def test_a_record_comes_out_as_it_went_in(spool, a_full_record):
    record = a_full_record()
    spool.put(record)
    assert spool.read(record.key) == record
    assert spool.waiting() == [record.key]
    assert spool.outcome(record.key) is None


def test_records_wait_in_the_order_they_came(spool, a_record):
    keys = ["zz", "aa", "mm"]
    for position, key in enumerate(keys):
        spool.put(a_record(key=key))
        os.utime(spool.folder / f"{key}.json", (position, position))
    assert spool.waiting() == keys


def test_a_record_waits_for_the_server_it_was_meant_for(outputs, a_record):
    there, here = (
        Spool(outputs, Address.of(outputs, uri)) for uri in ("http://ann:pw@there", "http://here")
    )
    there.put(a_record(key="far"))
    here.put(a_record(key="near"))
    assert here.waiting() == ["near"]
    assert sorted(here.waiting(adopt=True)) == ["far", "near"]
    assert pending(outputs) == {"far": "http://***@there", "near": "http://here"}


def test_what_was_written_offline_goes_to_whoever_comes(outputs, spool, a_record):
    tracker = Offline()
    tracker.open(outputs)
    tracker.submit(a_record(key="later"))
    assert "mlops sync" in tracker.close().says
    assert not tracker.close().delivered
    assert spool.waiting() == ["later"]


def test_a_delivered_record_waits_no_more_even_if_its_file_was_left(spool, a_record):
    record = a_record()
    spool.put(record)
    left = (spool.folder / f"{record.key}.json").read_bytes()
    spool.delivered(record.key, run_id="r1", version="3")
    (spool.folder / f"{record.key}.json").write_bytes(left)  # killed between the two
    found = spool.outcome(record.key)
    assert (found.delivered, found.run_id, found.version) == (True, "r1", "3")
    assert spool.waiting() == []


@pytest.fixture
def replaced_at(monkeypatch):
    """Let another process replace a record when a step is about to be taken, if it is let to."""

    def arrange(spool, record, owner, step):
        other, take = Spool(spool.outputs), getattr(owner, step)
        later = replace(record, status="FAILED", replaces=True)
        thread = threading.Thread(target=other.put, args=(later,))

        def meanwhile(*words, **more):
            if thread.ident is None:
                thread.start()
                thread.join(timeout=0.5)
            return take(*words, **more)

        monkeypatch.setattr(owner, step, meanwhile)
        return thread

    return arrange


STEPS = {
    "delivered": (spool_module, "write_whole"),
    "outcome": (Path, "unlink"),
    "again": (spool_module, "write_whole"),
}


@pytest.mark.parametrize("act", STEPS)
def test_a_record_that_comes_while_the_one_before_is_put_aside_is_not_lost(
    spool, a_full_record, replaced_at, act
):
    record = a_full_record()
    spool.put(record)
    waiting = spool.folder / f"{record.key}.json"
    before = waiting.read_bytes()
    spool.read(record.key)
    if act != "delivered":
        spool.delivered(record.key, run_id="r1", version="")
    if act == "outcome":
        waiting.write_bytes(before)  # left by a kill
    thread = replaced_at(spool, record, *STEPS[act])
    {
        "delivered": lambda: spool.delivered(record.key, run_id="r1", version=""),
        "outcome": lambda: spool.outcome(record.key),
        "again": lambda: spool.again(record.key),
    }[act]()
    thread.join()
    assert spool.waiting() == [record.key]
    assert spool.read(record.key).status == "FAILED"


def test_a_refused_record_is_kept_with_the_reason(spool, a_record):
    record = a_record()
    spool.put(record)
    spool.refused(record.key, "too strange")
    assert "too strange" in spool.outcome(record.key).says
    assert record.key in (spool.folder / "refused" / f"{record.key}.json").read_text()
    assert spool.waiting() == []


def test_half_a_file_is_no_record_and_is_seen_by_whoever_delivers(spool):
    spool.folder.mkdir(parents=True)
    (spool.folder / "torn.json").write_text('{"target": "loc')
    assert spool.waiting() == ["torn"]
    with pytest.raises(ValueError, match=r".+"):
        spool.read("torn")


def test_a_key_that_leads_out_of_the_spool_is_refused(spool):
    record = Record(
        key="../x", experiment="e", run_name="r", status="FINISHED", start_ms=0, end_ms=0
    )
    with pytest.raises(MlopsError, match="bad-run-key"):
        spool.put(record)


def test_a_folder_that_takes_no_record_is_told_in_five_parts(outputs, a_record):
    outputs.mkdir()
    (outputs / "spool").write_text("a file stands where the folder should be")
    tracker = Offline()
    tracker.open(outputs)
    with pytest.raises(MlopsError, match="record-not-written") as caught:
        tracker.submit(a_record())
    assert caught.value.exit_code == 4
