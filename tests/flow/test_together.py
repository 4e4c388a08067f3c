"""Several commands at once, in one folder: each succeeds, and nothing is done twice or torn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import yaml

from mlops.core.store import Store
from mlops.tracker.sync import drain, pending

RUNS = 16


def test_two_runs_of_one_recipe_learn_one_contract_and_one_says_that_it_waits(slow_project):
    first = slow_project.held("learning 1")
    command = ("recipe=slow", "mode=smoke", "ui=plain", "tracker=offline")
    second = slow_project.commands.start(*command)
    said = ""
    while "waiting" not in said and second.poll() is None:
        said += second.stdout.readline()
    assert "waiting for another run that learns this contract" in said
    slow_project.let_go()
    ends = [process.communicate(timeout=60) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], ends
    texts = [" ".join(stdout.split()) for stdout, _ in ends]
    learned, kept = texts
    assert "learned from 120 rows" in learned
    assert "waited for another run" in kept
    assert "120 rows keep the" in kept
    (contract,) = (slow_project.outputs / "contracts").glob("[!.]*")
    assert yaml.safe_load(contract.read_text())["rows"] == 120
    slow_project.nothing_is_half_written()
    assert slow_project.leftovers() == []

    again = slow_project("mode=smoke", "tracker=offline", "ui=plain").ok()
    assert again.text.count("reused") >= 4
    assert "waited" not in again.text
    assert len(drain(slow_project.outputs).delivered) == 3
    assert pending(slow_project.outputs) == {}


def test_sixteen_commands_that_start_in_an_empty_folder_all_succeed(cli, place):
    words = ("mode=smoke", "model=dummy", "ui=json", "tracker.wait_s=200")
    started = [cli.start(*words) for _ in range(RUNS)]
    with ThreadPoolExecutor(RUNS) as readers:
        ended = list(readers.map(lambda process: process.communicate(timeout=300), started))
    assert [process.returncode for process in started] == [0] * RUNS, ended
    recorded = place.recorded("boston_housing")
    assert [run.info.status for run in recorded] == ["FINISHED"] * RUNS
    assert len({run.data.tags["mlops.run_key"] for run in recorded}) == RUNS
    assert len({run.data.metrics["rmse"] for run in recorded}) == 1
    store = Store(place.outputs / "cache")
    assert store.entries()
    assert all(store.get(each.parent.name, each.name) for _, _, each in store.entries())
    assert list(place.outputs.rglob("*.tmp")) == []
    learned = [text for text, _ in ended if "learned from" in text]
    assert len(learned) == 1
