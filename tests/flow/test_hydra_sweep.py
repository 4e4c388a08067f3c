"""`mlops -m hydra/sweeper=optuna`: a job that comes to no end of its own costs no other."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from mlops.core.errors import MlopsError

TROUBLE = Path(__file__).parents[1] / "tuner" / "trouble_project"
QUIET = ("recipe=trouble", "tracker=offline", "registry=dry_run", "mode.judge=false")
GRID = ("hydra/sweeper=optuna", "hydra/sweeper/sampler=grid", "hydra.sweeper.max_failure_rate=1")
STORED = ("hydra.sweeper.storage=sqlite:///s.db", "hydra.sweeper.study_name=a")


@pytest.fixture
def place(new_place, monkeypatch):
    """A project whose model does what its word says; the next test has its own."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    made = new_place()
    shutil.copytree(TROUBLE, made.folder, dirs_exist_ok=True)
    rows = "".join(f"{at / 7:.3f},{at * 2 / 7 + at % 3 / 9:.3f}\n" for at in range(100))
    (made.folder / "points.csv").write_text("x,y\n" + rows)
    return made


def outcomes(result):
    return {row["model.word"]: row["outcome"] for row in result.details["rows"]}


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_killed_job_and_one_that_hangs_cost_no_other(place, launcher):
    words = ("model.word=kill,fine,hang,raise", "job_limit_s=15", f"hydra/launcher={launcher}")
    result = place("-m", *QUIET, *GRID, *words)
    became = outcomes(result)
    assert became.pop("fine") in ("passed", "refused")
    assert became == dict.fromkeys(("kill", "hang", "raise"), "failed")
    assert (result.outcome, result.exit_code) == ("failed", 6)
    assert {each["code"] for each in result.problems} >= {"job-killed", "job-time-limit"}
    assert not any("resume" in each["next_step"] for each in result.problems)
    assert not any("resume" in line for line in result.details["lines"])
    waiting = [json.loads(path.read_text()) for path in (place.outputs / "spool").glob("*.json")]
    reasons = {each["record"]["tags"].get("mlops.reason") for each in waiting}
    assert {"killed", "time limit"} <= reasons


@pytest.mark.parametrize(
    ("words", "code", "near"),
    [
        (("hydra.sweeper.direction=minimise", "model.word=fine"), "bad-sweep", "minimize"),
        (("model.slope=interval(9,1)",), "bad-space", "interval(1, 9)"),
        (("model.slope=tag(log,interval(0,9))",), "bad-space", ""),
        (("hydra.sweeper.params={model.slpoe: 'interval(1,9)'}",), "unknown-key", "slope"),
        (("hydra.sweeper.params.model='choice(trouble,truoble)'",), "unknown-option", "trouble"),
        (
            ("hydra.sweeper.search_space={model.slpoe: {type: int, low: 1, high: 2}}",),
            "unknown-key",
            "slope",
        ),
        (
            ("hydra.sweeper.search_space={model.slope: {type: categorical, choices: 3}}",),
            "bad-space",
            "",
        ),
    ],
)
def test_bad_settings_are_told_in_five_parts_before_the_first_job(place, words, code, near):
    with pytest.raises(MlopsError) as caught:
        place("-m", *QUIET, "hydra/sweeper=optuna", *words)
    [problem] = caught.value.problems
    assert (problem.code, problem.closest) == (code, near)
    assert caught.value.exit_code == 2


def test_a_key_that_is_none_is_told_once_as_it_was_typed(place):
    with pytest.raises(MlopsError) as caught:
        place("-m", *QUIET, "hydra/sweeper=optuna", "model.slpoe=interval(1,9)")
    [problem] = caught.value.problems
    assert "model.slpoe=interval(1,9)" in problem.where
    assert problem.next_step == "write model.slope=interval(1,9)"


@pytest.mark.parametrize(
    "word",
    [
        "hydra.sweeper.params={model.slope: 'choice(2,3)'}",
        "+hydra.sweeper.params={model.slope: 'choice(2,3)'}",
        "hydra.sweeper.search_space={model.slope: {type: categorical, choices: [2, 3]}}",
    ],
)
def test_what_is_searched_may_stand_in_the_sweeper_s_own_settings(place, word):
    result = place("-m", *QUIET, *GRID, word)
    assert sorted(str(row["model.slope"]) for row in result.details["rows"]) == ["2", "3"]
    assert not result.problems


def test_a_study_goes_on_past_jobs_that_were_killed_and_is_complete_in_the_end(place):
    words = ("-m", *QUIET, *GRID, *STORED, "hydra.sweeper.resume=true", "model.word=kill,fine")
    first = place(*words, "hydra.sweeper.n_trials=1")
    assert [each["code"] for each in first.problems] == ["job-killed"]
    second = place(*words, "hydra.sweeper.n_trials=2")
    assert second.details["says"] == "1 of 1 jobs finished"
    third = place(*words, "hydra.sweeper.n_trials=2")
    assert (third.exit_code, third.details["says"]) == (0, "no job was left to run")
    assert not any("ended before" in line for line in first.details["lines"])
    assert any("1 job of the study ended before" in line for line in second.details["lines"])
    told = [line for line in third.details["lines"] if "2 jobs of the study ended before" in line]
    assert "the best of all its jobs: " in told[0]
    assert told[0].endswith("with model.word=fine")


def test_a_study_s_address_may_be_a_secret_and_every_sweep_has_its_own_folder(place, monkeypatch):
    monkeypatch.setenv("STUDY_URL", "sqlite:///kept-to-myself.db")
    settings = place.folder / "mlops.yaml"
    settings.write_text(settings.read_text() + "allowed_env: [STUDY_URL]\n")
    words = ("hydra/sweeper=optuna", "hydra.sweeper.storage='${secret:STUDY_URL}'")
    for count in (1, 2):
        place("-m", *QUIET, *words, "hydra.sweeper.n_trials=1", "model.word=choice(fine)")
        assert len(list(place.outputs.rglob("optimization_results.yaml"))) == count
    assert (place.folder / "kept-to-myself.db").exists()
    written = [path for path in place.outputs.rglob("*") if path.is_file()]
    assert not [path for path in written if b"kept-to-myself" in path.read_bytes()]


@pytest.mark.parametrize(
    ("tried", "says", "ended"),
    [("fine,raise,fine", "1 of 2", ["COMPLETE", "FAIL"]), ("raise,fine", "0 of 1", ["FAIL"])],
)
def test_where_too_many_fail_no_other_begins_and_what_has_ended_is_told(place, tried, says, ended):
    words = ("hydra.sweeper.max_failure_rate=0", f"model.word={tried}")
    result = place("-m", *QUIET, *GRID, *STORED, *words)
    assert (result.outcome, result.exit_code) == ("failed", 6)
    assert result.details["says"] == f"{says} jobs finished, 1 failed"
    assert outcomes(result)["raise"] == "failed"
    [log] = [step.says for step in result.steps if "log.txt" in step.says]
    assert "model.word=raise" in log
    assert any("hydra.sweeper.resume=true" in line for line in result.details["lines"])
    assert [each.state.name for each in study(place).get_trials()] == ended


def study(place):
    import optuna

    address = f"sqlite:///{place.folder}/s.db"
    return optuna.load_study(study_name="a", storage=address)


@pytest.mark.parametrize("launcher", [GRID, ("hydra/launcher=joblib", "hydra.launcher.n_jobs=1")])
def test_a_job_is_told_when_it_ends_and_ctrl_c_forgets_none(place, command_line, launcher):
    words = ("-m", *QUIET, *launcher, "model.word=fine,hang", "ui=plain")
    driver = command_line(place.folder).start(*words)
    told = ""
    while "job 1" not in told:
        line = driver.stdout.readline()
        assert line, told
        told += line
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=120)
    assert driver.returncode == 130
    [kept] = place.outputs.glob("runs/sweep-*/result.json")
    result = json.loads(kept.read_text())
    assert result["outcome"] == "aborted"
    assert [row["model.word"] for row in result["details"]["rows"]] == ["fine"]


def test_ctrl_c_leaves_no_job_running(place, command_line):
    words = ("-m", *QUIET, *GRID, *STORED, "model.word=hang,fine", "ui=plain")
    driver = command_line(place.folder).start(*words)
    end = time.monotonic() + 120
    while not (place.folder / "child").exists() and time.monotonic() < end:
        assert driver.poll() is None
        time.sleep(0.02)
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=120)
    assert driver.returncode == 130
    waiting = [json.loads(path.read_text()) for path in (place.outputs / "spool").glob("*.json")]
    states = {each["record"]["status"] for each in waiting}
    assert states == {"KILLED"}
    assert [each.state.name for each in study(place).get_trials()] == ["FAIL"]
    child = Path("/proc") / (place.folder / "child").read_text()
    while child.exists() and time.monotonic() < end:  # until the system has cleared it away
        time.sleep(0.02)
    assert not child.exists()


@pytest.mark.parametrize(
    ("word", "code", "exit_code", "says"),
    [
        (
            "model=glob(*)",
            "bad-space",
            2,
            "glob says no values; write choice(",
        ),
        (
            "hydra.sweeper.direction=[minimize,maximize]",
            "bad-sweep",
            2,
            "found     minimize, maximize",
        ),
        ("+hydra.sweeper.n_trails=3", "unknown-key", 2, "closest   n_trials"),
        ("hydra.sweeper.n_trails=3", "unknown-key", 2, "closest   n_trials"),
        (
            "hydra.sweeper.storage=sqlite:///none/s.db",
            "storage-unreachable",
            4,
            "unable to open database file",
        ),
    ],
)
def test_what_is_wrong_with_the_sweeper_is_told_with_its_cause(place, word, code, exit_code, says):
    words = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=1", "mode=smoke", "tracker=offline")
    with pytest.raises(MlopsError) as caught:
        place("-m", *words, "data=boston_housing", "splitter.test_size=0.2,0.3", word)
    (problem,) = caught.value.problems
    assert (problem.code, problem.exit_code) == (code, exit_code)
    assert not list(place.outputs.rglob("ended"))
    assert says in str(problem)


def test_a_database_is_told_as_the_tuner_tells_it(place):
    words = ("-m", *QUIET, *GRID, *STORED, "model.word=fine")
    place(*words)
    database = sqlite3.connect(place.folder / "s.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    with pytest.raises(MlopsError) as caught:
        place(*words)
    [problem] = caught.value.problems
    assert (problem.code, problem.exit_code) == ("storage-locked", 4)
    database.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    database.execute("COMMIT")
    database.close()
    with pytest.raises(MlopsError) as caught:
        place(*words)
    [problem] = caught.value.problems
    assert (problem.code, problem.exit_code) == ("storage-version", 4)
    assert problem.where == "hydra.sweeper.storage"


BREAKS = """
from optuna.samplers import TPESampler


class Breaks(TPESampler):
    def before_trial(self, study, trial):
        if trial.number:
            raise ModuleNotFoundError("No module named 'what_it_needs'")
"""


def test_a_sweeper_that_breaks_down_takes_nothing_of_what_has_ended_with_it(place):
    # A module of its own: the package `trouble` of another test may be loaded already.
    (place.folder / "down.py").write_text(BREAKS)
    (place.folder / "mlops.yaml").write_text('allowed_targets: ["trouble.*", "down.Breaks"]\n')
    own = "hydra.sweeper.sampler._target_=down.Breaks"
    words = ("hydra/sweeper=optuna", *STORED, own)
    with pytest.raises(MlopsError) as caught:
        place("-m", *QUIET, *words, "model.word=choice(fine)")
    [problem] = caught.value.problems
    assert (problem.code, problem.exit_code) == ("sweep-not-run", 2)
    assert "what_it_needs" in problem.found
    [kept] = place.outputs.glob("runs/sweep-*/result.json")
    result = json.loads(kept.read_text())
    assert (result["outcome"], result["exit_code"]) == ("failed", 2)
    assert len(result["details"]["rows"]) == 1
    waiting = [json.loads(path.read_text()) for path in (place.outputs / "spool").glob("*.json")]
    [parent] = [each["record"] for each in waiting if "mlops.sweep" in each["record"]["tags"]]
    assert (parent["status"], parent["tags"]["mlops.reason"]) == ("FAILED", "sweep-not-run")
    assert "table.csv" in parent["artifacts"]
    assert [each.state.name for each in study(place).get_trials()] == ["COMPLETE", "FAIL"]
