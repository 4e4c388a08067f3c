"""Models are found by whatever they are called, opened as they were written, with their data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mlops.config.catalogue import catalogue, forget
from mlops.config.commandline import understand
from mlops.core.errors import MlopsError
from mlops.core.frames import row_hashes
from mlops.flow.jobs import job_of
from mlops.flow.snapshot import KIND, read_rows, read_snapshot, snapshots
from mlops.flow.subject import subject
from mlops.registry.opened import GOLDEN_ANSWERS, opened, other_libraries

QUICK = ("tracker=offline", "mode.folds=2", "mode.bootstrap=0")


@pytest.fixture(scope="module")
def shop(new_place):
    return new_place()


@pytest.fixture(scope="module")
def runs(shop):
    """A champion, a challenger, and a sweep of two whose winner is a version too."""
    runs = [shop(f"model={name}", *QUICK) for name in ("linear", "ridge")]
    return [*runs, shop("-m", "model=dummy,sgd", *QUICK)]


@pytest.fixture
def job(shop, runs, monkeypatch):
    monkeypatch.chdir(shop.folder)
    forget()
    return job_of(understand(["history"], catalogue()))


@pytest.fixture
def copied(job, tmp_path):
    """The champion's files, to be changed, and what it says of itself."""
    found = subject(job, "champion", where="a")
    shutil.copytree(found.folder, tmp_path / "copy")
    return tmp_path / "copy", json.loads(json.dumps(found.about))


def test_a_name_a_number_and_the_end_of_a_key_mean_the_same_model(job, runs):
    key = runs[0].key
    for called in ("champion", 1, "1", key, key[-8:]):
        assert subject(job, called, where="a").label == "version 1 (champion)"


def test_the_end_of_a_key_that_several_runs_have_is_told(job, runs):
    folder = job.outputs / "runs" / f"boston_housing-{runs[0].key}"
    first, end = runs[0].key[-8], runs[0].key[-7:]  # fewer, if all are digits, are a number
    key = f"20200101-000000-{'1' if first == '0' else '0'}{end}"
    other = folder.with_name(f"boston_housing-{key}")
    other.mkdir()
    about = json.loads((folder / "candidate.json").read_text())
    (other / "candidate.json").write_text(json.dumps({**about, "run": key}))
    try:
        with pytest.raises(MlopsError, match="ambiguous-key") as refused:
            subject(job, end, where="a")
        assert refused.value.problems[0].next_step.startswith(f"write a={runs[0].key}")
        assert subject(job, key[-8:], where="a").about["run"] == key
    finally:
        shutil.rmtree(other)


def test_the_key_of_a_sweep_means_its_winner(job, shop, runs):
    sweep = Path(runs[2].folder).name
    found = subject(job, sweep.removeprefix("sweep-"), where="a")
    assert found.version is not None
    assert found.version.number == 3
    assert found.about["run"] in {each["key"] for each in runs[2].details["jobs"]}


@pytest.mark.parametrize("called", ["challengr", "99", "zzzz", "../..", "*", "", "a b"])
def test_who_is_not_known_is_told_with_those_who_are(job, called):
    with pytest.raises(MlopsError) as refused:
        subject(job, called, where="b")
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("no-such-model", "b")
    assert "champion" in problem.accepted
    assert problem.closest == ("challenger" if called == "challengr" else "")


def test_a_version_that_is_not_whole_is_refused(job, shop, runs):
    path = shop.outputs / "registry/boston_housing/versions/2/golden/expected.json"
    before = path.read_bytes()
    path.unlink()
    path.write_bytes(before.replace(b"[", b"[ ", 1))
    try:
        with pytest.raises(MlopsError) as refused:
            subject(job, 2, where="a")
    finally:
        path.write_bytes(before)
    assert refused.value.exit_code == 3
    assert subject(job, 2, where="a").version.number == 2


def test_the_data_of_a_run_is_had_back_row_by_row(job, shop):
    about = subject(job, 1, where="a").about
    rows, dataset = read_rows(subject(job, 1, where="a").folder), read_snapshot(about, shop.outputs)
    hashes = row_hashes(dataset.frame)
    assert np.array_equal(hashes[rows["train"]], rows["train_hashes"])
    assert np.array_equal(hashes[rows["test"]], rows["test_hashes"])
    assert len(rows["train"]) + len(rows["test"]) == len(dataset.frame) == 506


def test_the_same_data_is_kept_once(job, shop):
    kept = list((shop.outputs / "snapshots" / KIND).iterdir())
    assert [each.name for each in kept] == [subject(job, 1, where="a").about["snapshot"]]


def test_data_that_is_damaged_or_gone_is_refused_and_not_thrown_away(job, shop, tmp_path):
    about = subject(job, 1, where="a").about
    shutil.copytree(shop.outputs / "snapshots", tmp_path / "snapshots")
    path = snapshots(tmp_path).folder / KIND / about["snapshot"] / "frame.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(MlopsError, match="data of this run is not kept"):
        read_snapshot(about, tmp_path)
    assert path.exists()
    with pytest.raises(MlopsError, match="data of this run is not kept"):
        read_snapshot({"run": "x"}, tmp_path)


def test_a_model_made_with_the_libraries_of_today_is_opened(copied):
    folder, about = copied
    assert other_libraries(about) == ()
    assert opened(folder, about).named_steps["model"] is not None


def test_one_made_with_others_is_opened_if_it_answers_as_it_did(copied):
    folder, about = copied
    about["requirements"] = ["scikit-learn==1.0", *about["requirements"][1:]]
    (changed,) = other_libraries(about)
    assert changed.startswith("scikit-learn 1.0 → ")
    assert opened(folder, about).named_steps["model"] is not None


def test_one_made_with_others_is_refused_if_it_answers_otherwise(copied):
    folder, about = copied
    answers = json.loads((folder / GOLDEN_ANSWERS).read_bytes())
    answers["values"][0] += 1e-6
    (folder / GOLDEN_ANSWERS).unlink()
    (folder / GOLDEN_ANSWERS).write_text(json.dumps(answers))
    assert opened(folder, about) is not None  # nobody asks where nothing changed
    about["requirements"] = ["numpy==1.26.0"]
    with pytest.raises(MlopsError, match="answers otherwise") as refused:
        opened(folder, about)
    (problem,) = refused.value.problems
    assert refused.value.exit_code == 3
    assert "numpy 1.26.0 → " in problem.found
    assert "requirements.txt" in problem.next_step
