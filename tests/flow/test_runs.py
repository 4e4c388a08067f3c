"""`mlops runs`: every run at a glance; the index is a cache, and may be lost, torn or stale."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from mlops.core import lines
from mlops.core.errors import MlopsError
from mlops.flow.run_index import RunIndex

QUICK = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")
HARSH = "evaluator.regression.gates.r2.min=0.99"


def write_run(outputs, number, *, name="houses", outcome="passed", metric="rmse", value=1.0):
    """A run folder as a run leaves it; without an outcome as a killed run does."""
    key = f"20260101-{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}-{number:08x}"
    folder = outputs / "runs" / f"{name}-{key}"
    folder.mkdir(parents=True)
    if outcome is None:
        return folder
    scores = [{"name": metric, "value": value, "low": None, "high": None}]
    result = {
        "outcome": outcome,
        "name": name,
        "steps": [{"name": "model", "seconds": 0.5}, {"name": "data", "seconds": 3}],
        "metrics": [{**each, "greater_is_better": metric != "rmse"} for each in scores],
        "gates": [],
        "details": {"choices": {"model": "ridge"}},
        "seconds": float(number % 100),
    }
    (folder / "result.json").write_text(json.dumps(result))
    return folder


def listed(finished):
    return finished.ok().json["details"]["runs"]


@pytest.fixture
def outputs(cli):
    return cli.folder / "outputs"


@pytest.fixture(scope="module")
def told(new_place):
    """An accepted run, a refused one, one that fails, and a sweep of two."""
    place = new_place()
    place("model=linear", *QUICK)
    place("model=ridge", HARSH, *QUICK)
    (place.folder / "bad.csv").write_text("a,b\n1,x\n2,y\n3,x\n")
    with pytest.raises(MlopsError):
        place("recipe=blank", "data=csv", "data.path=bad.csv", "data.target=b", *QUICK)
    place("-m", "model=ridge", "model.alpha=1,2", *QUICK)
    return place


def test_the_newest_comes_first_with_metric_model_and_version(told):
    runs = told("runs").details["runs"]
    assert sorted((run["at"] for run in runs), reverse=True) == [run["at"] for run in runs]
    by_outcome = {run["outcome"]: run for run in runs if run["name"] != "boston_housing"}
    assert by_outcome["failed"]["model"] == "linear"
    first = next(run for run in runs if run["model"] == "linear" and run["outcome"] == "passed")
    assert first["metric"] == "rmse"
    assert [each["number"] for each in first["versions"]] == [1]
    assert "champion" in first["versions"][0]["aliases"]
    refused = next(run for run in runs if run["outcome"] == "refused")
    assert list(refused["refused"]) == ["r2 ≥ 0.99"]
    assert [run["outcome"] for run in runs if run["model"] == "sweep of 2"] == ["done"]


def test_what_runs_wrote_as_they_ended_is_what_their_folders_say(told):
    index = RunIndex(told.outputs)
    written = lines.read(index.path)
    assert {line["folder"] for line in written} == {
        path.name for path in (told.outputs / "runs").iterdir() if (path / "result.json").exists()
    }
    before = index.all()
    assert lines.read(index.path) == written, "nothing had to be read again"
    index.path.unlink()
    assert index.all() == before


def test_an_empty_folder_is_told_kindly(cli):
    assert "no runs in outputs yet" in cli("runs").ok().text
    assert not (cli.folder / "outputs").exists()


def test_runs_are_chosen_and_sorted(cli, outputs):
    for number, value in enumerate([3.0, 1.0, 2.0]):
        write_run(outputs, number, value=value)
    write_run(outputs, 7, name="loans", metric="auc", value=0.7, outcome="refused")
    assert [run["name"] for run in listed(cli("runs", "last=2", "ui=json"))] == ["loans", "houses"]
    assert len(listed(cli("runs", "name=houses", "ui=json"))) == 3
    assert [run["key"][-1] for run in listed(cli("runs", "outcome=refused", "ui=json"))] == ["7"]
    best = listed(cli("runs", "sort=rmse", "ui=json"))
    assert [run["value"] for run in best] == [1.0, 2.0, 3.0, 0.7]
    longest = listed(cli("runs", "sort=seconds", "ui=json"))
    assert [run["seconds"] for run in longest] == [7.0, 2.0, 1.0, 0.0]
    assert "2 of 4 runs; last=0 shows all" in cli("runs", "last=2").ok().text


@pytest.mark.parametrize(
    ("word", "code", "nearest"),
    [("name=housse", "no-such-name", "houses"), ("sort=rmes", "no-such-sort", "rmse")],
)
def test_a_word_that_fits_nothing_is_told_with_the_nearest(cli, outputs, word, code, nearest):
    write_run(outputs, 1)
    refused = cli("runs", word)
    assert refused.exit_code == 2
    assert code in refused.text
    assert f"write {word.partition('=')[0]}={nearest}" in refused.text


def test_a_run_without_a_result_was_killed_or_goes_on(cli, outputs):
    write_run(outputs, 1, outcome=None)
    with FileLock(write_run(outputs, 2, outcome=None) / ".lock"):
        running, killed = listed(cli("runs", "ui=json"))
    assert (running["outcome"], killed["outcome"]) == ("running", "killed")


def test_a_damaged_result_and_other_peoples_folders_stop_nothing(cli, outputs):
    (write_run(outputs, 1) / "result.json").write_text('{"outcome": ')
    (write_run(outputs, 2) / "result.json").write_text("[1]")
    (outputs / "runs" / "notes").mkdir()
    (outputs / "runs" / "x.txt").write_text("")
    assert [run["outcome"] for run in listed(cli("runs", "ui=json"))] == ["unreadable"] * 2


def test_a_torn_line_a_changed_result_and_a_removed_folder_are_mended(outputs):
    folders = [write_run(outputs, number) for number in range(3)]
    index = RunIndex(outputs)
    index.all()
    index.path.write_bytes(index.path.read_bytes()[:-40])
    shutil.rmtree(folders[0])
    result = (folders[1] / "result.json").read_text()
    (folders[1] / "result.json").write_text(result.replace('"passed"', '"refused"'))
    for _ in range(2):
        assert [run.outcome for run in index.all()] == ["passed", "refused"]


def test_an_index_of_folders_that_are_gone_becomes_small_again(outputs):
    folders = [write_run(outputs, number) for number in range(1500)]
    index = RunIndex(outputs)
    index.all()
    for folder in folders[1:]:
        shutil.rmtree(folder)
    index.all()
    assert [line["folder"] for line in lines.read(index.path)] == [folders[0].name]


def test_many_writers_lose_no_line(outputs):
    folders = [write_run(outputs, number) for number in range(64)]
    script = "import sys; from pathlib import Path; from mlops.flow.run_index import RunIndex\n"
    script += "for each in sys.argv[2:]: RunIndex(Path(sys.argv[1])).note(Path(each))"
    commands = [
        [sys.executable, "-c", script, str(outputs), *map(str, folders[at::4])] for at in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda command: subprocess.run(command, check=True), commands))
    known = {line["folder"] for line in lines.read(RunIndex(outputs).path)}
    assert known == {folder.name for folder in folders}


def test_a_folder_that_cannot_be_written_can_still_be_listed(cli, outputs):
    write_run(outputs, 1)
    (outputs / "runs.jsonl").mkdir()  # nobody can write to that, not even root
    assert len(listed(cli("runs", "ui=json"))) == 1


def test_clean_removes_folders_and_the_list_follows(cli, outputs):
    for number in range(4):
        write_run(outputs, number)
    assert len(listed(cli("runs", "ui=json"))) == 4
    cli("clean", "keep_runs=1", "apply=true").ok()
    assert [run["key"][-1] for run in listed(cli("runs", "ui=json"))] == ["3"]


def test_ten_thousand_runs_are_listed(cli, outputs):
    for number in range(10_000):
        write_run(outputs, number, outcome=None if number % 1000 == 0 else "passed")
    for _ in range(2):
        text = cli("runs", "last=0", "ui=plain").ok().stdout
        assert text.count("\n") == 10_003
        assert text.count("killed") == 10
    assert "20 of 10,000 runs" in cli("runs").ok().text


def test_nothing_heavy_is_imported(cli, outputs):
    write_run(outputs, 1)
    script = (
        "import sys; from mlops.cli import main; main(['runs']); main(['report'])\n"
        "print({'mlflow', 'numpy', 'pandas', 'sklearn', 'rich'} & sys.modules.keys())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=cli.folder,
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.endswith("set()\n")
