"""What every option has learned survives: saved here, loaded by another process, same answers."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from mlops.core import artefact

ANSWER_IN_A_FRESH_PROCESS = """
import json, sys
from pathlib import Path
import numpy as np, pandas as pd
from mlops.core import artefact

answers = {}
for file in sorted(Path(sys.argv[1]).glob("*.skops")):
    rows = pd.read_parquet(file.with_suffix(".parquet"))
    try:
        pipeline = artefact.load(file)
        if hasattr(pipeline, "predict_proba"):
            answers[file.stem] = pipeline.predict_proba(rows).tolist()
        else:
            answers[file.stem] = np.asarray(pipeline.predict(rows)).tolist()
    except Exception as error:
        answers[file.stem] = f"{type(error).__name__}: {error}"
print(json.dumps(answers))
"""
BESIDE = {"cleaner": "impute", "features": "standard", "model": "linear"}
VARIED = [*BESIDE]


@pytest.fixture(scope="module")
def answered(made, sample_of, learn, split, all_options, tasks_of, tmp_path_factory, command_line):
    """Every option beside plain neighbours: its answers here, and those of one fresh process."""
    folder = tmp_path_factory.mktemp("models")
    here = {}
    for room in VARIED:
        for option in all_options(room):
            for task in tasks_of(room, option):
                name = f"{room}={option},{task}"
                try:
                    here[name] = fit_and_save(
                        made, learn, split, sample_of(task), {**BESIDE, room: option}, folder / name
                    )
                except Exception as error:
                    here[name] = error
    ran = subprocess.run(
        [sys.executable, "-c", ANSWER_IN_A_FRESH_PROCESS, str(folder)],
        env=command_line(folder).environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return here, json.loads(ran.stdout)


def fit_and_save(made, learn, split, data, choices, path):
    X, y = data.X.iloc[split.train], data.y.iloc[split.train]
    steps = []
    for room in ("cleaner", "features"):
        step = made(room, choices[room])
        X, y = learn(step, X, y)
        steps.append((room, step))
    part = made("model", choices["model"])
    model = part.estimator(data.task, seed=0) if hasattr(part, "estimator") else part
    pipeline = Pipeline([*steps, ("model", model.fit(X, y))])
    unseen = data.X.iloc[split.test].reset_index(drop=True)
    artefact.save(pipeline, path.with_name(path.name + ".skops"))
    unseen.to_parquet(path.with_name(path.name + ".parquet"))
    has_shares = hasattr(pipeline, "predict_proba")
    return np.asarray(pipeline.predict_proba(unseen) if has_shares else pipeline.predict(unseen))


def compare(answered, room, option, tasks):
    here, there = answered
    for task in tasks:
        name = f"{room}={option},{task}"
        if isinstance(here[name], Exception):
            raise here[name]
        assert not isinstance(there[name], str), there[name]
        np.testing.assert_array_equal(here[name], np.asarray(there[name]))


def test_a_cleaner_answers_the_same_in_a_fresh_process(answered, tasks_of, cleaner_option):
    compare(answered, "cleaner", cleaner_option, tasks_of("cleaner", cleaner_option))


def test_a_features_option_answers_the_same_in_a_fresh_process(answered, tasks_of, features_option):
    compare(answered, "features", features_option, tasks_of("features", features_option))


def test_a_model_answers_the_same_in_a_fresh_process(answered, tasks_of, model_option):
    compare(answered, "model", model_option, tasks_of("model", model_option))
