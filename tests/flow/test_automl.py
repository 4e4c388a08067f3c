"""``tuner=automl`` end to end: a leaderboard everywhere, and one model that any MLflow loads."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest

WORDS = ("tuner=automl", "tuner.trials=7", "mode.max_rows=220", "mode.folds=3", "mode.bootstrap=0")
FEW = (
    "tuner.options.model=choice(ridge, random_forest)",
    "tuner.options.cleaner=choice(standard, keep_all)",
    "tuner.options.features=choice(standard)",
    "tuner.space.model.random_forest.max_depth=null",
    "compute.workers=0",
    "seed=2",
)
DEFAULT = ("standard", "standard", "ridge")


@pytest.fixture(scope="module")
def searched(new_place):
    place = new_place()
    return place, place("recipe=boston_housing", *WORDS, *FEW)


def test_every_model_is_tried_with_its_own_values_first(searched):
    place, result = searched
    trials = pd.read_json(place.run_folder(result) / "trials.json")
    first = list(trials["params"][:2])
    assert [each["model"] for each in first] == ["ridge", "random_forest"]
    assert [first[0][room] for room in ("cleaner", "features", "model")] == list(DEFAULT)
    assert first[0]["model.alpha"] == 1.0
    assert first[1]["model.max_features"] == 1.0


def test_the_leaderboard_is_in_the_result_and_on_the_page(searched):
    place, result = searched
    board = place.document(result)["details"]["leaderboard"]
    assert board == result.details["leaderboard"]
    scores = [row["cv_rmse"] for row in board if row["cv_rmse"] is not None]
    assert scores == sorted(scores)
    alone = [row for row in board if row["cleaner"] is not None]
    assert sum(row["trials"] for row in alone) == 7
    assert {row["model"] for row in alone} == {"ridge", "random_forest"}
    page = (place.run_folder(result) / "report.html").read_text()
    assert "Leaderboard" in page
    assert page.count(board[0]["model"]) >= 2


def test_trials_and_ensembles_are_child_runs(searched):
    place, result = searched
    client = place.mlflow()
    [experiment] = [each for each in client.search_experiments() if each.name == "boston_housing"]
    runs = client.search_runs([experiment.experiment_id])
    [parent] = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [
        run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id
    ]
    assert len([run for run in children if "model" in run.data.params]) == 7
    joined = [run.data.params["ensemble"] for run in children if "ensemble" in run.data.params]
    assert sorted(each.split()[0] for each in joined) == ["mean", "stack"]
    assert parent.data.params["model"] == result.details["best"]["model"]
    assert parent.data.tags["mlops.ensemble"] == result.details["ensemble"]["says"]


def test_the_ensemble_is_one_model_that_plain_mlflow_loads(searched, monkeypatch):
    place, result = searched
    told = result.details["ensemble"]
    assert result.outcome == "passed", result.gates
    assert result.details["version"]["says"].startswith("version 1")
    assert result.metrics[0]["cv_mean"] == min(
        row["cv_rmse"] for row in result.details["leaderboard"] if row["cv_rmse"] is not None
    )
    golden = place.run_folder(result) / "golden"
    rows = pd.read_parquet(golden / "rows.parquet")
    expected = pd.read_json(golden / "expected.json")["values"].to_numpy()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place.outputs}/mlflow.db")
    plain = mlflow.pyfunc.load_model("models:/boston_housing/1")
    np.testing.assert_allclose(plain.predict(rows.astype(float)), expected)
    fitted = mlflow.sklearn.load_model("models:/boston_housing/1")
    assert len(fitted[-1].members_) == len(told["members"])


def test_what_is_joined_is_told_apart_from_what_is_not(searched):
    place, result = searched
    other = place("recipe=boston_housing", *WORDS[2:], "model=ridge", "tracker=offline", "seed=2")
    compared = place("compare", f"a={other.key[-8:]}", f"b={result.key[-8:]}")
    [row] = [row for row in compared.details["config"] if row["key"] == "ensemble"]
    assert row["b"] == result.details["ensemble"]["says"]


def test_one_that_repeats_it_finds_the_same(searched):
    place, result = searched
    again = place("rerun", "version=1", "tracker=offline")
    assert again.exit_code == 0
    assert again.details["rerun_of"] == result.key
