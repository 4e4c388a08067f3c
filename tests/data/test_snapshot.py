"""Exactly the rows of a version: by number, name or run, in every verb, and split the same way."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from mlops.cli import run
from mlops.core.dataset import Column, Dataset, Task
from mlops.core.errors import MlopsError
from mlops.core.snapshot import is_kept, pin, write_snapshot
from mlops.data.snapshot import Snapshot
from mlops.flow.doctor import _training_data

QUICK = ("tracker=offline", "mode.bootstrap=0", "mode.folds=2")


@pytest.fixture
def houses():
    frame = pd.DataFrame({"age": [1.0, np.nan, 3.0], "kind": ["a", "b", None], "sold": [0, 1, 1]})
    columns = (Column("age", "numeric", True), Column("kind", "categorical"))
    task = Task("classification", "sold", (0, 1), positive=1, costs={1: 5.0})
    return Dataset(frame, (*columns, Column("sold", "target")), task, "f" * 64, "houses.csv", ())


def source(outputs, about):
    """What stands for the room in a run: it asks what it is told to ask."""
    asked = []

    def told(called, *, where):
        asked.append((called, where))
        return about

    part = Snapshot(version=7)
    part.belongs_to(outputs, told)
    return part, asked


def test_rows_roles_and_task_are_those_that_were_kept(tmp_path, houses):
    key = write_snapshot(houses, tmp_path)
    part, asked = source(tmp_path, {"snapshot": key, "run": "20260131-101500-1a2b3c4d"})
    read = part.read()
    pd.testing.assert_frame_equal(read.frame, houses.frame)
    assert (read.columns, read.task, read.fingerprint, read.source) == (
        *(houses.columns, houses.task, houses.fingerprint, "houses.csv"),
    )
    assert read.notes == ("the rows of version 7, run 20260131-101500-1a2b3c4d",)
    assert (part.header(), part.task) == (["age", "kind", "sold"], "classification")
    assert part.source_key() == key
    assert asked == [(7, "data.version")]


def test_the_same_rows_are_kept_once(tmp_path, houses):
    assert write_snapshot(houses, tmp_path) == write_snapshot(houses, tmp_path)
    assert len(list((tmp_path / "snapshots" / "datasets").iterdir())) == 1


def test_a_damaged_one_is_told_by_doctor_and_kept_anew_by_the_next_run(houses, tmp_path):
    key = write_snapshot(houses, tmp_path)
    pin(key, tmp_path)
    (tmp_path / "snapshots" / "datasets" / key / "frame.parquet").write_bytes(b"")
    assert _training_data(tmp_path)[:2] == ("look", f"1 data set of versions, 1 damaged: {key}")
    assert write_snapshot(houses, tmp_path) == key
    assert _training_data(tmp_path)[0] == "ok"
    assert is_kept(key, tmp_path)


def test_a_snapshot_is_known_by_its_own_key_too(tmp_path, houses):
    part = Snapshot(version=write_snapshot(houses, tmp_path))
    part.belongs_to(tmp_path, lambda called, where: {})
    assert part.read().fingerprint == houses.fingerprint


@pytest.mark.parametrize("key", ["", "../../elsewhere", "0" * 32, "/etc"])
def test_what_is_not_kept_is_told_before_anything_is_read(tmp_path, key):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "about.json").write_text('{"columns": [], "task": {"name": "x"}}')
    part, _ = source(tmp_path, {"snapshot": key, "run": "one"})
    for ask in (part.header, part.source_key, part.read):
        with pytest.raises(MlopsError, match="no-snapshot"):
            ask()


def test_a_damaged_snapshot_is_refused(tmp_path, houses):
    key = write_snapshot(houses, tmp_path)
    frame = tmp_path / "snapshots" / "datasets" / key / "frame.parquet"
    frame.write_bytes(frame.read_bytes()[:-1])
    part, _ = source(tmp_path, {"snapshot": key})
    with pytest.raises(MlopsError, match="damaged"):
        part.read()


class Kept:
    """A folder with one version of the default recipe's model; commands are carried out in it."""

    def __init__(self, folder):
        self.folder = folder
        self.first = self(*QUICK)

    def __call__(self, *words):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return run(*words)

    def about(self, result):
        return json.loads((self.folder / result.folder / "candidate.json").read_text())

    def rows(self, result):
        with np.load(self.folder / result.folder / "rows.npz") as rows:
            return {name: rows[name].tolist() for name in rows}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.mark.parametrize("called", ["1", "champion", "KEY"])
def test_a_version_is_written_bare_and_its_rows_are_split_the_same(kept, called):
    called = kept.first.key if called == "KEY" else called
    result = kept("data=snapshot", f"version={called}", "model=ridge", *QUICK)
    assert result.name == "boston_housing"
    assert kept.rows(result) == kept.rows(kept.first)
    assert kept.about(result)["snapshot"] == kept.about(kept.first)["snapshot"]


def test_the_same_model_of_the_same_rows_is_the_same_version(kept):
    result = kept("data=snapshot", "version=1", *QUICK)
    assert result.details["version"]["says"].startswith("already version 1")
    assert result.metrics == kept.first.metrics


def test_check_plan_and_sweeps_take_it_too(kept):
    kept("check", "data=snapshot", "version=1")
    kept("plan", "data=snapshot", "version=champion")
    swept = kept("-m", "data=snapshot", "version=1,champion", "mode=smoke", "tracker=offline")
    assert [row["outcome"] for row in swept.details["rows"]] == ["passed", "passed"]


def test_the_verbs_own_word_stays_its_own(kept):
    with pytest.raises(MlopsError, match="nothing-to-move"):
        kept("promote", "data=snapshot", "version=1", "tracker=offline")


@pytest.mark.parametrize(
    ("words", "code", "where"),
    [
        (("version=99",), "no-such-model", "data.version"),
        (("version=1", "name=other"), "no-such-model", "data.version"),
        ((), "missing-value", "snapshot.yaml"),
        (("version=1", "evaluator=classification"), "task-mismatch", "evaluator=classification"),
    ],
)
def test_check_tells_a_version_that_is_none_and_parts_for_another_task(kept, words, code, where):
    with pytest.raises(MlopsError, match=code) as wrong:
        kept("check", "data=snapshot", *words)
    (problem,) = wrong.value.problems
    assert (problem.exit_code, where in problem.where) == (2, True)


@pytest.mark.parametrize(
    ("words", "step"),
    [((), "write version=VALUE"), (("version=1", "name=other"), "write name=boston_housing")],
)
def test_the_next_step_can_be_typed(kept, words, step):
    with pytest.raises(MlopsError) as wrong:
        kept("check", "data=snapshot", *words)
    assert wrong.value.problems[0].next_step == step


def test_a_mode_may_use_fewer_of_the_rows(kept):
    result = kept("data=snapshot", "version=1", "mode.max_rows=100", *QUICK)
    assert kept.about(result)["rows"] == 100
    again = kept("data=snapshot", f"version={result.key}", *QUICK)
    assert kept.about(again)["snapshot"] == kept.about(result)["snapshot"]


def test_checking_reads_no_row(kept, tmp_path, monkeypatch):
    shutil.copytree(kept.folder / "outputs", tmp_path / "outputs")
    for frame in tmp_path.glob("outputs/snapshots/datasets/*/frame.parquet"):
        frame.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert run("check", "data=snapshot", "version=1").outcome == "done"
