"""Code of the user's own that fails: told with its line, as the user's, whatever it raises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops.flow.fault import fault

HEAD = """
from sklearn.base import BaseEstimator, RegressorMixin


class Own(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = y.mean()
        {fit}
        return self

    def predict(self, X):
        {predict}
        return [self.mean_] * len(X)
"""
QUICK = ("mode=smoke", "tracker=offline")


@pytest.fixture
def own(work, cli):
    """Run the command with a model of the user's own."""

    def ended(source, *words):
        (work / "conf" / "model").mkdir(parents=True)
        (work / "conf" / "model" / "own.yaml").write_text("# Own.\n_target_: own.Own\n")
        (work / "mlops.yaml").write_text("allowed_targets: [own.Own]\n")
        (work / "own.py").write_text(source)
        return cli(*(words or ["model=own"]), *QUICK)

    return ended


def model(fit="pass", predict="pass"):
    return HEAD.format(fit=fit, predict=predict)


@pytest.mark.parametrize(
    ("source", "code", "where", "found"),
    [
        (model(fit="1 / 0"), "cannot-learn", "model, fitted", "ZeroDivisionError"),
        (model(fit="open('gone.csv')"), "cannot-learn", "model, fitted", "FileNotFoundError"),
        (model(predict="open('gone.csv')"), "own-code-failed", "own.py:12", "FileNotFoundError"),
        (model(predict="1 / 0"), "own-code-failed", "own.py:12", "ZeroDivisionError"),
        (model(predict="raise SystemExit(7)"), "own-code-failed", "own.py:12", "SystemExit: 7"),
        (model(fit="exit(7)"), "own-code-failed", "own.py:8", "SystemExit: 7"),
        ("exit(7)\n" + model(), "own-code-failed", "own.py:1", "SystemExit: 7"),
        (model(predict="return [1.0]"), "answers-unusable", "model, asked", "1, for "),
        (model(predict="return X"), "answers-unusable", "model, asked", " × 12, for "),
        (model(predict="self.mean_ = float('nan')"), "answers-unusable", "model", "no number"),
    ],
)
def test_it_is_told_in_five_parts_as_the_user_s(own, source, code, where, found):
    ended = own(source)
    assert ended.exit_code == 2, ended.text
    first, *parts = ended.stderr.splitlines()
    told = dict(line.strip().split(maxsplit=1) for line in parts)
    assert first.startswith(f"error[{code}] ")
    assert told["where"].startswith(where)
    assert found in told["found"]
    assert list(told) == ["where", "found", "accepted", "closest", "next"]


def test_in_a_sweep_it_costs_its_own_job_alone(own):
    words = ("-m", "model=linear,own", "compute.workers=0", "ui=json")
    ended = own(model(predict="exit(7)"), *words)
    assert ended.exit_code == 6, ended.text
    outcomes = [row["outcome"] for row in ended.json["details"]["rows"]]
    assert outcomes == ["passed", "failed"]


def test_a_class_that_cannot_be_cloned_is_refused_before_anything_runs(own, work):
    ended = own("class Own:\n    fit = predict = print\n")
    assert ended.exit_code == 3
    assert "error[wrong-kind]" in ended.stderr
    assert "get_params (from BaseEstimator)" in ended.stderr
    assert not (work / "outputs").exists()


def test_the_run_is_recorded_with_whose_mistake_it_was(own, work):
    own(model(predict="1 / 0"))
    (record,) = (work / "outputs" / "spool").glob("*.json")
    tags = json.loads(record.read_text())["record"]["tags"]
    assert tags["mlops.reason"] == "own-code-failed"


def test_what_is_installed_inside_the_project_is_not_its_own_code(tmp_path):
    try:
        json.loads("{")
    except ValueError as error:
        told = fault(error, Path(json.__file__).parent, where="here", again="run it again")
    assert (told.code, told.exit_code, told.where) == ("bug", 5, "here")


LOUD = "import os\nimport subprocess\n\nprint('as it is read')\n" + model(
    fit="print('loud'); os.write(1, b'low'); subprocess.run(['echo', 'child'])",
    predict="print('asked')",
)
SPACE = ("tuner=grid", "tuner.space.cleaner.outliers.factor=choice(2, 3)")


@pytest.mark.parametrize(
    "words",
    [
        ["model=own"],
        ["model=own", *SPACE, "compute.workers=2"],
        ["model=own", *SPACE, "compute.workers=0"],
        ["-m", "model=own", "seed=1,2", "compute.workers=0"],
    ],
    ids=["a run", "trials in workers", "trials here", "jobs here"],
)
def test_what_it_prints_comes_not_between_what_the_command_says(words, own):
    ended = own(LOUD, *words, "ui=json", "mode.judge=false").ok()
    assert ended.json["outcome"] in ("passed", "done")
    for said in ("as it is read", "loud", "low", "child"):
        assert said in ended.stderr


def test_what_it_prints_is_not_on_the_plain_screen_either(own):
    ended = own(LOUD, "model=own", "ui=plain", "mode.judge=false").ok()
    assert "passed" in ended.stdout
    assert not [word for word in ("as it is read", "loud", "low", "child") if word in ended.stdout]
