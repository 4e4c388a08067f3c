"""Whoever has MLflow and nothing of ours loads a recorded model: every model, every task."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from mlops.config.catalogue import Catalogue
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core.store import Store
from mlops.flow.prepare import prepare
from mlops.flow.steps import Steps
from mlops.ui.silent import Silent

CONF = Path(__file__).resolve().parents[2] / "conf"
MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
TASKS = ("regression", "classification")
CANARY = "never-to-be-written"

ASK_IN_A_FRESH_PROCESS = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, numpy as np, pandas as pd
assert "mlops.flow" not in sys.modules

asked = json.load(sys.stdin)
mlflow.set_tracking_uri(asked["uri"])
answers = {}
for name, (run_id, rows, raw) in asked["models"].items():
    rows = pd.read_parquet(rows)
    plain = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
    fitted = mlflow.sklearn.load_model(f"runs:/{run_id}/model")
    shares = fitted.predict_proba(rows).tolist() if hasattr(fitted, "predict_proba") else None
    records = pd.DataFrame(raw)
    typed = records.assign(rooms=pd.to_numeric(records["rooms"], errors="coerce"))
    answers[name] = {
        "pyfunc": np.asarray(plain.predict(rows)).tolist(),
        "sklearn": np.asarray(fitted.predict(rows)).tolist(),
        "shares": shares,
        "raw": np.asarray(fitted.predict(records)).tolist(),
        "raw through pyfunc": np.asarray(plain.predict(typed)).tolist(),
    }
print(json.dumps(answers))
"""
RAW = [
    {"rooms": "3", "age": 40, "district": "north", "owner": "ann", "surplus": "x"},
    {"rooms": None, "age": None, "district": None, "owner": None, "surplus": "x"},
    {"rooms": 4.0, "age": 7.5, "district": "a district never seen", "owner": "zoë", "surplus": ""},
]


def served(model: str) -> list[str]:
    told = yaml.safe_load((CONF / "model" / f"{model}.yaml").read_text())
    return [task for task in TASKS if task in told.get("_tasks_", TASKS)]


CASES = [(model, task) for model in MODELS for task in served(model)]


def table() -> pd.DataFrame:
    """Numbers, words, gaps, a sensitive column; a price, and whether it is high."""
    random = np.random.default_rng(5)
    count = 200
    frame = pd.DataFrame(
        {
            "rooms": random.integers(1, 8, count),
            "age": random.integers(0, 90, count).astype(float),
            "district": random.choice(["harbour", "north", "river"], count),
            "owner": random.choice(["ann", "bob", CANARY], count),
        }
    )
    frame["regression"] = (30 * frame["rooms"] - 0.2 * frame["age"]).round(1) + random.normal(
        0, 9, count
    ).round(2)
    high = frame["regression"] > frame["regression"].median()
    frame["classification"] = np.where(high, "dear", "cheap")
    frame.loc[[3, 30, 60], "age"] = np.nan
    frame.loc[[5, 50], "district"] = None
    return frame


@pytest.fixture(scope="module")
def place(new_place):
    made = new_place()
    whole = table()
    for task, other in zip(TASKS, reversed(TASKS), strict=True):
        whole.drop(columns=other).to_csv(made.folder / f"{task}.csv", index=False)
    return made


def words(model: str, task: str) -> list[str]:
    data = ["data=csv", f"data.path={task}.csv", f"data.target={task}", "data.sensitive=[owner]"]
    return ["recipe=blank", *data, f"model={model}", "mode=smoke", "tracker=offline"]


@pytest.fixture(scope="module")
def results(place):
    """One quick run for each model and task."""
    found = {case: place(*words(*case)) for case in CASES}
    place("sync")
    return found


@pytest.fixture(scope="module")
def tested(place, results):
    """The test part of each task's runs, as the runs themselves have split it."""
    parts = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.folder)
        for task in TASKS:
            job = Job.of(compose(words("linear", task), Catalogue(place.folder)))
            prepared = prepare(job, Steps(Store(job.outputs / "cache"), job.name, Silent()))
            parts[task] = prepared.test
            prepared.test.X.to_parquet(place.folder / f"{task}.parquet")
    return parts


@pytest.fixture(scope="module")
def answers(place, results, tested, command_line):
    """What a process that imports MLflow alone is answered."""
    ids = {
        run.data.tags["mlops.run_key"]: run.info.run_id
        for task in TASKS
        for run in place.recorded(task)
    }
    asked = {
        f"{model} {task}": (ids[results[model, task].key], f"{task}.parquet", RAW)
        for model, task in CASES
    }
    ran = subprocess.run(
        [sys.executable, "-c", ASK_IN_A_FRESH_PROCESS],
        cwd=place.folder,
        env=command_line(place.folder).environment(),
        input=json.dumps({"uri": f"sqlite:///{place.outputs}/mlflow.db", "models": asked}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.fixture(params=CASES, ids=[f"{model}-{task}" for model, task in CASES])
def case(request):
    return request.param


def test_it_answers_what_the_run_was_judged_by(case, answers, results, tested):
    model, task = case
    answer, y = answers[f"{model} {task}"], tested[task].y
    found = {metric["name"]: metric["value"] for metric in results[case].metrics}
    assert answer["pyfunc"] == answer["sklearn"]
    if task == "regression":
        assert mean_squared_error(y, answer["sklearn"]) == pytest.approx(found["mse"])
    else:
        assert accuracy_score(y, answer["sklearn"]) == pytest.approx(found["accuracy"])
        assert log_loss(y, answer["shares"]) == pytest.approx(found["log_loss"])


def test_it_takes_records_as_people_have_them(case, answers):
    model, task = case
    answer = answers[f"{model} {task}"]
    assert len(answer["raw"]) == len(RAW)
    assert answer["raw"] == answer["raw through pyfunc"]
    if task == "regression":
        assert np.isfinite(answer["raw"]).all()
    else:
        assert set(answer["raw"]) <= {"cheap", "dear"}


def test_a_sensitive_value_is_in_nothing_that_people_read(place, results):
    texts = {".html", ".json", ".yaml", ".yml", ".txt", ".svg", ".log", ".md", ""}
    places = [place.outputs / name for name in ("runs", "mlartifacts", "contracts", "spool")]
    files = [path for folder in places for path in folder.rglob("*") if path.is_file()]
    read = [path for path in files if path.suffix in texts]
    assert {"report.html", "input_example.json", "contract.yaml"} <= {path.name for path in read}
    assert not [path for path in read if CANARY.encode() in path.read_bytes()]


def test_the_example_shows_no_sensitive_column(place, results):
    examples = list((place.outputs / "mlartifacts").rglob("input_example.json"))
    assert len(examples) == len(CASES)
    for example in examples:
        assert json.loads(example.read_text())["columns"] == ["rooms", "age", "district"]
