"""`mlops clean` shows first, and never takes what is good, waits, or goes on."""

from __future__ import annotations

import json
import shutil

import pytest
from filelock import FileLock


@pytest.fixture
def outputs(place):
    return place.outputs


def old_run(outputs, number, *, registers="", name="houses", result=True):
    """The folder of a run, older the smaller its number."""
    key = f"20240101-0000{number:02d}-{number:08x}"
    folder = outputs / "runs" / f"{name}-{key}"
    folder.mkdir(parents=True)
    (folder / "model.skops").write_bytes(bytes(1000))
    if result:
        told = {
            "outcome": "passed",
            "name": name,
            "key": key,
            "folder": f"outputs/runs/{name}-{key}",
        }
        told["details"] = {"registers": registers}
        (folder / "result.json").write_text(json.dumps(told))
    return folder


def left(outputs):
    return {path.name.partition("-")[0] + path.name[-2:] for path in (outputs / "runs").iterdir()}


def count(result, what):
    return next(row["count"] for row in result.details["rows"] if row["what"] == what)


def test_it_shows_what_would_go_and_takes_nothing(place, outputs):
    for number in range(4):
        old_run(outputs, number)
    result = place("clean", "keep_runs=1")
    assert count(result, "run folders") == 3
    assert "would be freed: mlops clean apply=true" in result.details["says"]
    assert len(left(outputs)) == 4


def test_told_to_it_frees_what_it_showed(place, outputs):
    for number in range(4):
        old_run(outputs, number)
    shown = place("clean", "keep_runs=1").details["rows"]
    result = place("clean", "keep_runs=1", "apply=true")
    assert result.details["rows"] == shown
    assert left(outputs) == {"houses03"}


def test_the_last_two_versions_of_each_model_stay(place, outputs):
    for number in range(3):
        old_run(outputs, number, registers="houses")
    old_run(outputs, 3, name="cars", registers="cars")
    for number in range(4, 9):  # newer, passed, and no version: e.g. quick ones
        old_run(outputs, number)
    place("clean", "keep_runs=0", "apply=true")
    assert left(outputs) == {"houses01", "houses02", "cars03"}


def test_the_winners_of_sweeps_are_versions_and_keep_their_sweep(place, outputs):
    winner = old_run(outputs, 1)
    old_run(outputs, 2)
    sweep = old_run(outputs, 3, name="sweep")
    key = winner.name.removeprefix("houses-")
    told = {"folder": f"outputs/runs/{sweep.name}", "details": {"registers": {key: "houses"}}}
    (sweep / "result.json").write_text(json.dumps(told))
    for _ in range(2):
        place("clean", "keep_runs=0", "apply=true")
    assert left(outputs) == {"houses01", "sweep03"}


def test_what_waits_to_be_delivered_stays(place, outputs):
    for number in range(3):
        old_run(outputs, number, result=number != 1)
    key = "20240101-000001-00000001"
    (outputs / "spool").mkdir()
    (outputs / "spool" / f"{key}.json").write_text("{}")
    (outputs / "spool" / "delivered").mkdir()
    (outputs / "spool" / "delivered" / "20240101-000002-00000002.json").write_text("{}")
    result = place("clean", "keep_runs=0", "apply=true")
    assert left(outputs) == {"houses01"}
    assert count(result, "delivered records") == 1
    assert (outputs / "spool" / f"{key}.json").exists()


def test_what_is_in_progress_stays(place, outputs):
    going = old_run(outputs, 1, result=False)
    sweep = old_run(outputs, 2, name="sweep", result=False)
    (sweep / "houses").mkdir()
    old_run(outputs, 3)
    with FileLock(going / ".lock"), FileLock(sweep / "houses" / ".lock"):
        place("clean", "keep_runs=0", "apply=true")
        assert left(outputs) == {"houses01", "sweep02"}
    place("clean", "keep_runs=0", "apply=true")
    assert left(outputs) == set()


def test_a_broken_result_is_an_old_run_like_any_other(place, outputs):
    for number, text in enumerate(
        ["[half", "[]", '{"details": 3}', '{"details": {"registers": 1}}']
    ):
        (old_run(outputs, number) / "result.json").write_text(text)
    place("clean", "keep_runs=0", "apply=true")
    assert left(outputs) == set()


def test_after_real_runs_it_empties_the_cache_and_the_next_run_goes_through(place):
    words = ("tracker=offline", "mode.bootstrap=10")
    first = place(*words)
    assert count(place("clean"), "cache entries") > 5
    place("clean", "apply=true", "keep_runs=0")
    assert not list((place.outputs / "cache").glob("*/*/"))
    assert place.run_folder(first).is_dir()  # it waits, and is the last good version
    again = place(*words)
    assert again.metrics == first.metrics
    assert {step.status for step in again.steps} == {"done"}


def test_part_of_the_cache_may_stay(place):
    place("tracker=offline", "mode=smoke")
    before = count(place("clean"), "cache entries")
    assert 0 < count(place("clean", "cache_bytes=100000"), "cache entries") < before


def test_in_an_empty_folder_there_is_nothing_to_free(place):
    result = place("clean", "apply=true")
    assert {row["count"] for row in result.details["rows"]} == {0}
    assert list(place.folder.iterdir()) == []


def kept_data(outputs):
    return {path.name for path in (outputs / "snapshots" / "datasets").glob("*/")}


def snapshot_of(place, result):
    return json.loads((place.run_folder(result) / "candidate.json").read_text())["snapshot"]


@pytest.fixture
def two_sets(place):
    """A version made of all rows, and a newer run that a gate refuses, of some of them."""
    words = ("tracker=offline", "mode.bootstrap=0", "mode.folds=2")
    version = place(*words)
    harsh = "evaluator.regression.gates.r2.min=0.99"
    run = place(*words, "mode.max_rows=200", harsh)
    shutil.rmtree(place.outputs / "spool")  # as if the records were delivered
    return version, run


def test_data_that_only_runs_which_go_refer_to_goes_and_that_of_versions_stays(place, two_sets):
    keys = [snapshot_of(place, each) for each in two_sets]
    assert kept_data(place.outputs) == set(keys)
    place("clean", "apply=true", "keep_runs=1")
    assert kept_data(place.outputs) == set(keys)
    assert count(place("clean", "keep_runs=0"), "snapshots of data") == 1
    place("clean", "apply=true", "keep_runs=0")
    assert kept_data(place.outputs) == {keys[0]}
    assert place("check", "data=snapshot", "version=1").outcome == "done"


def test_data_of_a_version_stays_wherever_the_version_is(place, two_sets):
    shutil.rmtree(place.outputs / "registry")  # as if it were kept in a repository
    shutil.rmtree(place.outputs / "runs")
    place("clean", "apply=true", "keep_runs=0")
    assert kept_data(place.outputs) == {snapshot_of_version(place)}


def snapshot_of_version(place):
    (pinned,) = (place.outputs / "snapshots" / "pinned").iterdir()
    return pinned.name


def test_while_a_run_goes_on_its_data_may_be_about_to_be_referred_to(place, outputs):
    going = old_run(outputs, 1, result=False)
    (outputs / "snapshots" / "datasets" / ("0" * 32)).mkdir(parents=True)
    note = {"key": going.name.partition("-")[2], "folder": str(going)}
    (outputs / "spool" / "started").mkdir(parents=True)
    (outputs / "spool" / "started" / f"{note['key']}.json").write_text(json.dumps(note))
    with FileLock(going / ".lock"):
        assert count(place("clean"), "snapshots of data") == 0
    assert count(place("clean"), "snapshots of data") == 1
