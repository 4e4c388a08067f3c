"""`mlops -m`: all jobs checked, all run, one winner."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from mlops.core.errors import MlopsError

PARENT = "mlflow.parentRunId"
QUICK = ("mode=smoke", "tracker=offline")


@pytest.fixture(scope="module")
def place(new_place):
    """A folder with two tables of the user's own, one of them too short to learn from."""
    made = new_place()
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 2))
    frame = pd.DataFrame(x.round(3), columns=["a", "b"])
    frame["y"] = (x @ [1, 2] + random.normal(size=90) / 9).round(3)
    frame.to_csv(made.folder / "long.csv", index=False)
    frame.head(1).to_csv(made.folder / "short.csv", index=False)
    return made


@pytest.fixture(scope="module")
def swept(place):
    """Three models in full, one of which is no better than trivial."""
    return place("-m", "model=dummy,linear,ridge")


@pytest.fixture(scope="module")
def recorded(swept, place):
    return place.recorded("boston_housing")


def test_the_table_ranks_the_jobs_the_best_first(swept):
    rows = swept.details["rows"]
    assert [row["model"] for row in rows] == ["ridge", "linear", "dummy"]
    assert [row["outcome"] for row in rows] == ["passed", "passed", "refused"]
    assert rows[0]["test"] < rows[1]["test"] < rows[2]["test"]
    assert swept.details["says"] == "3 of 3 jobs finished"


def test_a_refused_job_makes_the_exit_code_three(swept):
    assert (swept.outcome, swept.exit_code) == ("done", 3)


def test_the_document_of_the_sweep_names_every_job_s_folder(swept, place):
    told = place.document(swept)
    assert told == json.loads(swept.to_json())
    assert [step["name"] for step in told["steps"]] == ["job 1/3", "job 2/3", "job 3/3"]
    assert told["delivery"]["delivered"]
    for job in told["details"]["jobs"]:
        assert json.loads((place.folder / job["folder"] / "result.json").read_text())["metrics"]


def test_the_jobs_are_children_of_one_parent(swept, recorded):
    (parent,) = [run for run in recorded if PARENT not in run.data.tags]
    children = [run for run in recorded if run is not parent]
    assert {run.data.tags[PARENT] for run in children} == {parent.info.run_id}
    assert {run.data.params["model"] for run in children} == {"dummy", "linear", "ridge"}
    assert parent.data.tags["mlops.sweep"] == "3"
    assert parent.data.tags["mlops.varied"] == "model"
    assert {run.info.status for run in recorded} == {"FINISHED"}


def test_only_the_winner_becomes_a_version(swept, recorded, place):
    (version,) = place.versions("boston_housing")
    winner = next(run for run in recorded if run.data.params.get("model") == "ridge")
    assert version.run_id == winner.info.run_id
    assert version.aliases == ["champion"]


def test_jobs_share_what_they_have_in_common(swept, place):
    last = place.folder / swept.details["jobs"][-1]["folder"]
    steps = json.loads((last / "result.json").read_text())["steps"]
    assert {step["name"] for step in steps if step["status"] == "reused"} >= {
        "data",
        "contract",
        "splitter",
        "features",
    }


def test_every_recipe_runs_in_smoke_mode(place, root):
    result = place("-m", "recipe=glob(*)", *QUICK)
    names = {path.stem for path in (root / "recipes").glob("*.yaml")}
    assert {row["recipe"] for row in result.details["rows"]} == names
    assert result.exit_code == 0
    assert {row["outcome"] for row in result.details["rows"]} == {"passed"}


def test_the_record_of_several_experiments_is_told_as_several(place):
    result = place("-m", "name=one,two", "mode=smoke")
    assert result.delivery.delivered
    assert result.delivery.says.startswith("recorded as 2 parent runs at sqlite:///")
    assert len(place.recorded("one")) == len(place.recorded("two")) == 2  # the parent and its job


def test_a_job_that_fails_costs_no_other(place):
    words = ("data=csv", "data.path=short.csv,long.csv", "data.target=y", "recipe=blank")
    result = place("-m", *words, *QUICK)
    outcomes = {row["data.path"]: row["outcome"] for row in result.details["rows"]}
    assert outcomes == {"short.csv": "failed", "long.csv": "passed"}
    assert (result.outcome, result.exit_code) == ("failed", 6)
    assert result.details["says"] == "1 of 2 jobs finished, 1 failed"
    assert [step.status for step in result.steps] == ["failed", "done"]
    assert result.problems


def test_every_job_is_checked_before_the_first_one_starts(place):
    before = sorted((place.outputs / "runs").glob("*"))
    with pytest.raises(MlopsError) as caught:
        place("-m", "model=linear,lineer", "splitter.test_size=0.2,2", *QUICK)
    assert {each.code for each in caught.value.problems} >= {"unknown-option", "out-of-range"}
    assert sorted((place.outputs / "runs").glob("*")) == before


def test_a_verb_that_does_one_thing_is_not_swept(place):
    with pytest.raises(MlopsError, match="verb-not-swept"):
        place("-m", "check", "model=linear,ridge")


def test_a_run_that_is_no_sweep_is_not_gone_on_with(place):
    with pytest.raises(MlopsError, match="resume-without-m"):
        place("resume=true", *QUICK)
    with pytest.raises(MlopsError, match="resume-with-hydra"):
        place("-m", "model=linear,ridge", "hydra/launcher=basic", "resume=true", *QUICK)


def test_the_sweep_has_a_page_and_a_table_which_the_parent_holds(swept, recorded, place):
    folder = place.folder / swept.folder
    page = (folder / "report.html").read_text()
    assert page.rstrip().endswith("</html>")
    assert "://" not in page
    assert "Jobs side by side" in page
    head, *lines = (folder / "table.csv").read_text().splitlines()
    assert head.split(",")[0] == "model"
    assert [line.split(",")[0] for line in lines] == ["ridge", "linear", "dummy"]
    (parent,) = [run for run in recorded if PARENT not in run.data.tags]
    held = {each.path for each in place.mlflow().list_artifacts(parent.info.run_id)}
    assert held >= {"report.html", "result.json", "table.csv"}
    best = json.loads((folder / "result.json").read_text())["details"]["jobs"][2]["key"]
    assert parent.data.tags["mlops.best"] == best
    assert parent.data.metrics["best_rmse"] == pytest.approx(swept.details["rows"][0]["test"])


def test_a_server_that_is_away_costs_one_line(place, capsys):
    words = ("model=linear,ridge", "mode=smoke", "tracker.uri=http://127.0.0.1:9", "ui=plain")
    result = place("-m", *words)
    assert result.exit_code == 0
    shown = capsys.readouterr().out
    assert len(re.findall("is away", shown)) == 1
    assert re.search(r"^✓ job 2/2 +model=ridge: rmse \d", shown, re.MULTILINE)


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_launcher_of_hydra_s_own_gives_the_same_sweep(new_place, launcher):
    swept_by_launcher(new_place(), launcher)


def test_a_process_that_a_launcher_kept_works_in_the_project_of_now(new_place):
    for place in (new_place(), new_place()):
        swept_by_launcher(place, "joblib")


def swept_by_launcher(place, launcher):
    """No recorder of an earlier command takes what waits in `place`, which is new."""
    result = place("-m", "model=linear,ridge", f"hydra/launcher={launcher}", "name=other", *QUICK)
    assert (result.outcome, result.exit_code) == ("done", 0)
    assert [row["model"] for row in result.details["rows"]] == ["ridge", "linear"]
    waiting = [json.loads(path.read_text()) for path in (place.outputs / "spool").glob("*.json")]
    ours = [each["record"] for each in waiting if each["record"]["experiment"] == "other"]
    [parent] = [record["key"] for record in ours if record["tags"].get("mlops.sweep")]
    children = [record for record in ours if record["parent_key"] == parent]
    assert {record["params"]["model"] for record in children} == {"linear", "ridge"}
    assert not [path for path in (place.outputs / "hydra").rglob("*") if path.is_file()]


def test_a_sweep_that_nobody_looks_at_any_more_ends_and_keeps_what_is_there(
    new_place, command_line
):
    place = new_place()
    driver = command_line(place.folder).start("-m", "model=linear,ridge,sgd", *QUICK, "ui=plain")
    told = ""
    while "job 1" not in told:
        line = driver.stdout.readline()
        assert line, told
        told += line
    driver.stdout.close()
    assert driver.wait(timeout=300) == 0
    assert driver.stderr.read() == ""
    [kept] = place.outputs.glob("runs/sweep-*/result.json")
    result = json.loads(kept.read_text())
    assert result["outcome"] == "aborted"
    assert result["details"]["rows"]
    [parent] = [
        each["record"]
        for each in (json.loads(p.read_text()) for p in (place.outputs / "spool").glob("*.json"))
        if each["record"]["tags"].get("mlops.sweep")
    ]
    assert (parent["status"], parent["tags"]["mlops.reason"]) == ("KILLED", "aborted")
