"""`mlops doctor` finds what is broken, says how to mend it, and touches nothing of value."""

from __future__ import annotations

import pytest

QUICK = ("mode=smoke", "tracker=offline")


def found(result):
    return {
        row["check"]: (row["state"], row["found"], row["repair"]) for row in result.details["rows"]
    }


@pytest.fixture
def after(place):
    """A folder in which one run has ended; its record waits."""
    place(*QUICK)
    return place


def test_in_an_empty_folder_everything_is_in_order_and_nothing_is_written(place):
    result = place("doctor")
    assert (result.outcome, result.exit_code) == ("done", 0)
    assert {state for state, *_ in found(result).values()} == {"ok"}
    assert result.details["says"] == "everything is in order"
    assert list(place.folder.iterdir()) == []


def test_a_record_that_waits_is_named_with_the_command_that_delivers_it(after):
    result = after("doctor")
    assert result.exit_code == 0
    assert found(result)["spool"] == ("look", "1 record waits", "mlops sync")


def test_delivered_everything_is_in_order(after):
    told = after("sync")
    assert (told.outcome, told.exit_code) == ("done", 0)
    assert [row["state"] for row in told.details["rows"]] == ["delivered"]
    result = after("doctor")
    assert {state for state, *_ in found(result).values()} == {"ok"}
    assert "mlflow.db is whole" in found(result)["tracking store"][1]
    (recorded,) = after.recorded("boston_housing")
    assert recorded.info.status == "FINISHED"
    assert after("sync").details["rows"] == []


def test_a_damaged_database_is_told_with_what_to_do(after):
    (after.outputs / "mlflow.db").write_bytes(b"no database at all" * 100)
    result = after("doctor")
    state, says, repair = found(result)["tracking store"]
    assert (result.outcome, result.exit_code) == ("failed", 4)
    assert state == "broken"
    assert "mlflow.db" in says
    assert "move mlflow.db away" in repair


def test_a_corrupt_cache_entry_is_told_and_costs_only_its_making(after):
    for path in (after.outputs / "cache" / "data").rglob("frame.parquet"):
        path.write_bytes(b"")
    told = found(after("doctor"))["step cache"]
    assert told[0] == "look"
    assert "1 of" in told[1]
    assert found(after("doctor"))["step cache"] == told  # nothing is changed by looking
    assert after(*QUICK).outcome == "passed"
    assert found(after("doctor"))["step cache"][0] == "ok"


def test_a_run_that_left_no_result_is_told(after):
    (after.outputs / "runs" / "boston_housing-20240101-000000-00000000").mkdir()
    assert found(after("doctor"))["runs"][1] == "2 run folders, 1 without a result"


def test_an_option_file_that_cannot_be_read_is_named(place):
    folder = place.folder / "conf" / "model"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("# Mine.\n_target_: [half\n")
    result = place("doctor")
    assert result.exit_code == 4
    assert "mine.yaml" in found(result)["option files"][1]


def test_a_tracking_server_that_is_away_is_no_fault_of_this_machine(place):
    result = place("doctor", "tracker.uri=http://127.0.0.1:9")
    assert result.exit_code == 0
    assert found(result)["tracking store"][0] == "look"


def test_what_was_meant_for_another_server_is_told_and_adopted_when_asked(place):
    place("mode=smoke", "tracker.uri=http://127.0.0.1:9")
    spool = found(place("doctor"))["spool"]
    assert spool == ("look", "1 record waits for http://127.0.0.1:9", "mlops sync adopt=true")
    told = place("sync")
    assert [row["state"] for row in told.details["rows"]] == ["waits elsewhere"]
    assert "127.0.0.1:9" in told.details["rows"][0]["says"]
    adopted = place("sync", "adopt=true")
    assert [row["state"] for row in adopted.details["rows"]] == ["delivered"]
    assert len(place.recorded("boston_housing")) == 1


def test_sync_says_what_still_waits_when_the_server_is_away(place):
    place(*QUICK)
    told = place("sync", "tracker.uri=http://127.0.0.1:9", "wait_s=20")
    assert (told.outcome, told.exit_code) == ("failed", 4)
    assert "1 still wait" in told.details["says"]
    assert "away" in told.details["says"]
