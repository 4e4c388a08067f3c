"""What lies in the outputs folder may be damaged: it is noticed, said, and made anew."""

from __future__ import annotations

import json
import socket

import pytest

from mlops.core.errors import MlopsError
from mlops.core.store import Store
from mlops.tracker import prepared
from mlops.tracker.sync import pending

WORDS = ("mode=smoke", "mode.bootstrap=10", "tracker=offline")
KEPT = ("data", "contract", "splitter", "features")


def told(result):
    return {step.name: step for step in result.steps}


def values(result):
    return {metric["name"]: metric["value"] for metric in result.metrics}


@pytest.fixture(scope="module")
def whole(new_place):
    """A folder in which a run has gone before, and that run."""
    place = new_place()
    return place, place(*WORDS)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def manifest(text):
    return lambda entry: (entry / "manifest.json").write_text(text)


def a_file(entry):
    return next(path for path in sorted(entry.iterdir()) if path.name != "manifest.json")


DAMAGE = {
    "one bit flipped": lambda entry: flip(a_file(entry)),
    "cut short": lambda entry: a_file(entry).write_bytes(a_file(entry).read_bytes()[:-7]),
    "emptied": lambda entry: a_file(entry).write_bytes(b""),
    "a file is gone": lambda entry: a_file(entry).unlink(),
    "a file came in": lambda entry: (entry / "more.parquet").write_bytes(b"more"),
    "the manifest is gone": lambda entry: (entry / "manifest.json").unlink(),
    "the manifest is no JSON": manifest('{"frame.parq'),
    "the manifest is no mapping": manifest("[1, 2]"),
    "the manifest names nothing": manifest("{}"),
    "the manifest is no text": lambda entry: (entry / "manifest.json").write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_entry_is_noticed_said_and_made_anew(whole, damage):
    place, first = whole
    for name in KEPT:
        (entry,) = (place.outputs / "cache" / name).iterdir()
        DAMAGE[damage](entry)
    again = place(*WORDS)
    for name in KEPT:
        assert (told(again)[name].status, damage) == ("done", damage)
        assert told(again)[name].says.endswith("(its kept result was damaged)")
    assert values(again) == values(first)
    after = place(*WORDS)
    assert {told(after)[name].status for name in KEPT} == {"reused"}


def test_an_entry_that_cannot_be_read_any_more_is_replaced(whole):
    """Its files are as they were written, but by another version that wrote other names."""
    place, first = whole
    (entry,) = (place.outputs / "cache" / "data").iterdir()
    about = json.loads((entry / "about.json").read_text())
    del about["notes"]
    key = entry.name
    frame = (entry / "frame.parquet").read_bytes()
    store = Store(place.outputs / "cache")
    store.remove("data", key)
    with store.put("data", key) as folder:
        (folder / "frame.parquet").write_bytes(frame)
        (folder / "about.json").write_text(json.dumps(about))
    assert told(place(*WORDS))["data"].status == "done"
    assert told(place(*WORDS))["data"].status == "reused"
    assert values(place(*WORDS)) == values(first)


def test_a_cache_whose_memory_is_no_json_costs_only_the_reasons(whole):
    place, first = whole
    (memory,) = (place.outputs / "cache" / "last").glob("*.json")
    for text in ("{", "[]", '"text"', '{"features": 3}'):
        memory.write_text(text)
        again = place(*WORDS, "features=minmax")
        assert told(again)["features"].status in ("done", "reused")
    assert values(place(*WORDS)) == values(first)


@pytest.mark.parametrize("text", ["", "{", "- a list", "columns: 3", "\x00\x01"])
def test_a_damaged_contract_is_told_and_never_replaced(whole, text):
    place, _ = whole
    (contract,) = (place.outputs / "contracts").glob("[!.]*.yaml")
    before = contract.read_bytes()
    contract.write_text(text)
    try:
        with pytest.raises(MlopsError) as caught:
            place(*WORDS)
        problem = caught.value.problems[0]
        assert problem.exit_code == 2
        assert contract.name in problem.where
        assert contract.read_text() == text
    finally:
        contract.write_bytes(before)


@pytest.mark.parametrize("damage", ["no database", "torn", "empty file", "a folder"])
def test_a_damaged_tracking_database_costs_one_line_and_doctor_finds_it(place, damage):
    database = place.outputs / "mlflow.db"
    prepared.ready(database, place.outputs / "mlartifacts")
    content = database.read_bytes()
    database.unlink()
    if damage == "no database":
        database.write_bytes(b"this is no database" * 100)
    elif damage == "torn":
        database.write_bytes(content[:4096] + b"\x00" * 8192)
    elif damage == "empty file":
        database.write_bytes(b"")
    else:
        database.mkdir()
    ran = place("mode=smoke", "mode.bootstrap=10")
    assert (ran.outcome, ran.delivery.delivered) == ("passed", False)
    assert "mlops sync" in ran.delivery.says
    assert "\n" not in ran.delivery.says
    assert list(pending(place.outputs)) == [ran.key]
    doctor = place("doctor")
    state = {row["check"]: row["state"] for row in doctor.details["rows"]}
    assert (state["tracking store"], doctor.exit_code) == ("broken", 4)

    database.replace(place.outputs / "mlflow.db.damaged")
    if damage == "torn":
        place("sync")
        assert pending(place.outputs) == {}
        assert [run.info.status for run in place.recorded("boston_housing")] == ["FINISHED"]


def test_a_server_that_is_away_costs_one_line_and_a_later_sync_goes_elsewhere_only_if_told(
    cli, place
):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"http://ann:s3cret-w0rd@127.0.0.1:{probe.getsockname()[1]}"
    away = {"MLFLOW_TRACKING_URI": uri, "NO_PROXY": "127.0.0.1"}
    ran = cli("mode=smoke", "ui=plain", env=away).ok()
    (line,) = [each for each in ran.stdout.splitlines() if each.startswith("  record ")]
    assert "tracking server http://***@127.0.0.1" in line
    assert "is away (connection refused): the record waits" in line
    assert "s3cret" not in ran.text
    assert not (place.outputs / "mlflow.db").exists()
    assert cli("sync", env=away).exit_code == 4

    (row,) = place("sync").details["rows"]
    assert row["state"] == "waits elsewhere"
    assert len(pending(place.outputs)) == 1
    place("sync", "adopt=true")
    assert pending(place.outputs) == {}
    assert len(place.recorded("boston_housing")) == 1


def test_the_address_in_the_environment_is_where_runs_go(cli, place, work):
    prepared.ready(work / "elsewhere.db", work / "files")
    uri = f"sqlite:///{work}/elsewhere.db"
    ran = cli("mode=smoke", "ui=json", env={"MLFLOW_TRACKING_URI": uri}).ok()
    assert ran.json["delivery"]["delivered"], ran.json["delivery"]
    assert ran.json["delivery"]["uri"] == uri
    assert not (place.outputs / "mlflow.db").exists()
