"""MLflow follows the ledger: numbers and aliases, once, in any order, whoever is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mlops.core.version import Standing
from mlops.tracker.address import Address
from mlops.tracker.desk import Desk
from mlops.tracker.elsewhere import forget, notes
from mlops.tracker.mlflow import Mlflow
from mlops.tracker.spool import Spool
from mlops.tracker.sync import drain


@pytest.fixture
def spool(outputs):
    return Spool(outputs, Address.of(outputs))


@pytest.fixture
def desk(spool):
    return Desk(spool)


@pytest.fixture
def runs(desk, a_full_record):
    """Three recorded runs with models; none is a version yet."""
    records = [a_full_record(register="") for _ in range(3)]
    for record in records:
        desk.deliver(record)
    return [record.key for record in records]


def standing(runs, seq=3, **aliases):
    numbers = dict(enumerate(runs, start=1))
    return Standing(model="houses", seq=seq, hash=f"{seq:064}", versions=numbers, aliases=aliases)


def names(ledger):
    """Alias to our own number, as MLflow has it."""
    client = ledger().client
    found = {str(each.version): each for each in _versions(ledger)}
    held = client.get_registered_model("houses").aliases
    return {name: int(found[str(at)].tags["mlops.version"]) for name, at in held.items()}


def _versions(ledger):
    client = ledger().client
    listed = client.search_model_versions("name = 'houses'")
    return [client.get_model_version("houses", each.version) for each in listed]


def elsewhere(outputs):
    return [note["why"] for _, note in notes(outputs, "houses")]


def test_a_standing_makes_versions_of_runs_and_gives_them_numbers_and_names(desk, runs, ledger):
    assert desk.deliver(standing(runs, champion=1, challenger=3)) == ("houses, line 3", "", "")
    assert names(ledger) == {"champion": 1, "challenger": 3}
    assert {each.tags["mlops.run_key"] for each in _versions(ledger)} == set(runs)
    tag = json.loads(ledger().client.get_registered_model("houses").tags["mlops.ledger"])
    assert (tag["seq"], tag["hash"]) == (3, f"{3:064}")


def test_what_stands_after_a_restore_is_newer_however_short_the_history_has_become(
    desk, spool, runs, ledger
):
    desk.deliver(standing(runs, seq=9, champion=3))
    shorter = replace(standing(runs, seq=4, champion=1), restored="2026-01-31T10:15:00.000Z")
    for told in (standing(runs, seq=9, champion=3), shorter, standing(runs, seq=9, champion=3)):
        spool.put(told)
        desk.deliver(told)
    assert spool.last_told("houses") == shorter
    assert names(ledger) == {"champion": 1}
    desk.deliver(replace(shorter, seq=5, aliases={"champion": 2}))
    assert names(ledger) == {"champion": 2}


def test_told_twice_it_is_done_once(desk, runs, ledger, outputs):
    for _ in range(2):
        desk.deliver(standing(runs, champion=1, challenger=3))
    assert len(_versions(ledger)) == 3
    assert elsewhere(outputs) == []


def test_an_older_standing_changes_nothing_that_a_newer_one_said(desk, runs, ledger, outputs):
    desk.deliver(standing(runs, seq=5, champion=3))
    desk.deliver(standing(runs, seq=4, champion=1))
    assert names(ledger) == {"champion": 3}
    assert elsewhere(outputs) == []


def test_a_version_that_its_record_registered_is_not_made_again(desk, a_full_record, ledger):
    record = a_full_record()
    desk.deliver(record)
    desk.deliver(standing([record.key], champion=1))
    assert (len(_versions(ledger)), names(ledger)) == (1, {"champion": 1})


def test_a_run_that_still_waits_is_delivered_first(desk, spool, a_full_record, ledger):
    record = a_full_record(register="")
    spool.put(record)
    assert desk.deliver(standing([record.key], champion=1))[2] == ""
    assert names(ledger) == {"champion": 1}


def test_a_run_that_never_came_is_told_and_the_others_get_their_names(desk, runs, ledger):
    remark = desk.deliver(standing([*runs, "never"], champion=1, challenger=4))[2]
    assert remark == "no model in MLflow for version 4"
    assert names(ledger) == {"champion": 1}


def test_a_database_that_was_made_anew_gets_the_runs_of_all_versions_again(
    outputs, a_full_record, ledger
):
    record = a_full_record(register="")
    tracker = Mlflow()
    tracker.open(outputs)
    tracker.submit(record)
    assert tracker.close(120).delivered
    (outputs / "mlflow.db").rename(outputs / "mlflow.db.damaged")
    Spool(outputs, Address.of(outputs)).put(standing([record.key], champion=1))
    drained = drain(outputs)
    assert (len(drained.aligned), drained.remarks) == (1, ())
    assert names(ledger) == {"champion": 1}
    assert len(ledger().runs(record.key)) == 1


def test_what_cannot_be_brought_in_line_is_told_by_sync(outputs, ledger):
    Spool(outputs, Address.of(outputs)).put(standing(["never"], champion=1))
    assert drain(outputs).remarks == ("no model in MLflow for version 1",)


def test_a_name_that_was_taken_away_is_gone(desk, runs, ledger):
    desk.deliver(standing(runs, champion=1, shadow=2))
    desk.deliver(standing(runs, seq=4, champion=1, shadow=0))
    assert names(ledger) == {"champion": 1}


def test_a_change_made_in_mlflow_is_noted_once_and_put_right(desk, runs, ledger, outputs):
    desk.deliver(standing(runs, champion=1, challenger=3))
    two = next(each for each in _versions(ledger) if each.tags["mlops.version"] == "2")
    client = ledger().client
    client.set_registered_model_alias("houses", "champion", two.version)
    client.set_registered_model_alias("houses", "shadow", two.version)
    client.delete_registered_model_alias("houses", "challenger")
    desk.spool.put(standing(runs, champion=1, challenger=3))
    for _ in range(2):
        desk.look()
    again = "as the history says"
    assert sorted(elsewhere(outputs)) == [
        f"in MLflow, challenger was taken away; it is version 3 again, {again}",
        f"in MLflow, champion was given to version 2; it is version 1 again, {again}",
        "in MLflow, shadow was given to version 2",
    ]
    assert names(ledger) == {"champion": 1, "challenger": 3, "shadow": 2}
    for path, note in notes(outputs, "houses"):
        assert note["intent"]
        forget(path)
    desk.look()
    assert elsewhere(outputs) == []


def test_a_change_is_seen_at_a_glance_as_the_recorder_sees_it(desk, runs, ledger, outputs):
    told = standing(runs, champion=1, challenger=3)
    desk.deliver(told)
    tracker = Mlflow()
    tracker.look(outputs, told)
    assert elsewhere(outputs) == []
    client = ledger().client
    client.set_registered_model_alias("houses", "champion", "2")
    client.delete_registered_model_alias("houses", "challenger")
    tracker.look(outputs, told)
    found = elsewhere(outputs)
    assert len(found) == 2
    desk.spool.put(told)
    desk.look()
    assert elsewhere(outputs) == found
    assert names(ledger) == {"champion": 1, "challenger": 3}


@pytest.mark.parametrize(
    "left", ["", "[]", "{", '{"aliases": 7}', '{"seq": "x"}', '{"next": []}', "[" * 4000]
)
def test_what_others_wrote_into_the_tag_is_no_word_of_ours(desk, runs, ledger, outputs, left):
    told = standing(runs, champion=1)
    desk.deliver(told)
    client = ledger().client
    client.set_registered_model_tag("houses", "mlops.ledger", left)
    client.set_registered_model_alias("houses", "champion", "2")
    Mlflow().look(outputs, told)
    assert elsewhere(outputs) == []
    desk.deliver(told)
    assert names(ledger) == {"champion": 1}


@pytest.mark.parametrize("database", [b"", b"no database", None])
def test_where_nothing_can_be_seen_nothing_is_said(outputs, database):
    if database is not None:
        outputs.mkdir()
        (outputs / "mlflow.db").write_bytes(database)
    Mlflow().look(outputs, standing(["run"], champion=1))
    assert elsewhere(outputs) == []
    assert (outputs / "mlflow.db").exists() == (database is not None)


def test_it_waits_while_the_server_is_away_and_the_run_s_own_outcome_is_told(
    outputs, a_full_record, ledger
):
    tracker = Mlflow(uri="http://127.0.0.1:9", wait_s=5)
    tracker.open(outputs)
    record = a_full_record(register="")
    tracker.submit(record)
    tracker.submit(standing([record.key], champion=1))
    assert not tracker.close().delivered
    drained = drain(outputs, adopt=True)
    assert list(drained.delivered) == [record.key]
    assert len(drained.aligned) == 1
    assert names(ledger) == {"champion": 1}


def test_a_recorder_killed_at_any_call_leaves_names_as_they_were_told(
    spool, runs, cli, ledger, outputs
):
    spool.put(standing(runs, champion=1, challenger=3))
    script = [sys.executable, "-c", KILLED, str(outputs)]
    ended = subprocess.run(script, env=cli.environment(), check=False, timeout=120)
    assert ended.returncode == 0
    assert names(ledger) == {"champion": 1, "challenger": 3}
    assert len(_versions(ledger)) == 3
    assert spool.waiting() == []
    assert elsewhere(outputs) == []  # its own work is not taken for somebody else's


KILLED = """
import os, signal, sys
from mlflow import MlflowClient
from mlops.tracker import recorder

def recorded(call):
    if not os.fork():
        if call:
            real = getattr(MlflowClient, call)
            def fatal(*args, **kwargs):
                real(*args, **kwargs)
                os.kill(os.getpid(), signal.SIGKILL)
            setattr(MlflowClient, call, fatal)
        sys.stdin = open(os.devnull)
        os._exit(recorder.main([sys.argv[1]]))
    return os.waitstatus_to_exitcode(os.wait()[1])

calls = (
    *("create_registered_model", "create_model_version", "create_model_version"),
    *("set_model_version_tag", "set_registered_model_alias", "set_registered_model_alias"),
    *("set_registered_model_tag", "set_registered_model_alias"),
)
codes = {call: recorded(call) for call in calls}
assert codes["create_registered_model"] == codes["set_registered_model_tag"] == -signal.SIGKILL
assert recorded("") == 0
"""
