"""Searches and sweeps on every engine end as they do on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mlops.cli import run

TROUBLE = Path(__file__).parents[1] / "tuner" / "trouble_project"
QUIET = ("recipe=trouble", "tracker=offline", "registry=dry_run", "mode.judge=false")
SEARCH = (
    *("tuner=optuna", "tuner.trials=6", "tuner.deterministic=true", "seed=1", "ui=silent"),
    *("mode.bootstrap=0", "tuner.space.model.word=choice(fine, kill)"),
)


@pytest.fixture(scope="module")
def trouble(tmp_path_factory):
    """Give a new project whose model does what its word says."""
    random = np.random.default_rng(0)
    xs = random.normal(size=100)
    noise = random.normal(size=100) / 5
    rows = "".join(f"{x:.6f},{2 * x + z:.6f}\n" for x, z in zip(xs, noise, strict=True))

    def make():
        folder = tmp_path_factory.mktemp("trouble")
        shutil.copytree(TROUBLE, folder, dirs_exist_ok=True)
        (folder / "points.csv").write_text("x,y\n" + rows)
        return folder

    return make


def ran(folder, *words):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return run(*QUIET, *words)


def table(folder):
    """Number, parameters, state and value of each trial."""
    (journal,) = folder.glob("outputs/studies/*/*.journal")
    store = JournalStorage(JournalFileBackend(str(journal)))
    trials = optuna.load_study(study_name=None, storage=store).get_trials()
    return [(each.number, each.params, each.state.name, each.values) for each in trials]


@pytest.fixture(scope="module")
def expected(trouble):
    """The table of the same search on this machine."""
    folder = trouble()
    ran(folder, *SEARCH, "compute=local", "compute.workers=2")
    return table(folder)


def words_for(engine, keys):
    return [
        f"compute={engine}",
        *(f"compute.{key}={json.dumps(each)}" for key, each in keys.items()),
    ]


def test_a_killed_trial_costs_only_itself_and_the_table_is_the_same(
    engine, keys_of, trouble, expected
):
    folder = trouble()
    result = ran(folder, *SEARCH, *words_for(engine, keys_of(engine)))
    assert table(folder) == expected
    killed = [state for _, params, state, _ in expected if params["model.word"] == "kill"]
    fine = [state for _, params, state, _ in expected if params["model.word"] == "fine"]
    assert killed == ["FAIL"] * len(killed)
    assert fine == ["COMPLETE"] * len(fine)
    assert len(fine) > len(killed) > 0
    reasons = failed_in(folder, result.key)
    assert len(reasons) == len(killed)
    assert all(each.startswith("killed: killed by signal 9 (SIGKILL") for each in reasons)
    assert not list(folder.glob("outputs/compute"))


def failed_in(folder, key):
    """The reasons of the failed trials of a run."""
    waiting = [json.loads(path.read_text()) for path in (folder / "outputs/spool").glob("*.json")]
    records = [each["record"] for each in waiting if each["record"]["parent_key"] == key]
    return [each["tags"]["mlops.reason"] for each in records if each["status"] == "FAILED"]


@pytest.mark.parametrize(
    "engine",
    [pytest.param("dask", marks=pytest.mark.dask), pytest.param("slurm", marks=pytest.mark.slurm)],
)
def test_a_whole_sweep_runs_there(engine, keys_of, trouble, command_line):
    folder = trouble()
    where = words_for(engine, keys_of(engine))
    words = ("-m", *QUIET, "ui=json", "model.word=fine,kill", "model.slope=1,2", *where)
    finished = command_line(folder)(*words)
    assert finished.exit_code == 6, finished.text
    rows = finished.json["details"]["rows"]
    outcomes = sorted((row["model.word"], row["outcome"]) for row in rows)
    assert [word for word, _ in outcomes] == ["fine", "fine", "kill", "kill"]
    assert {outcome for word, outcome in outcomes if word == "kill"} == {"failed"}
    assert "failed" not in {outcome for word, outcome in outcomes if word == "fine"}
    assert all("SIGKILL" in each["found"] for each in finished.json["problems"])
