"""A run becomes a version: numbered without a gap, once for one content, with all its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.inspection import inspect
from mlops.registry.versions import Versions, models


def test_the_first_version_is_the_champion_and_the_newest_the_challenger(houses, a_run):
    said = [str(houses.register(a_run())) for _ in range(3)]
    assert said == ["version 1 (champion)", "version 2 (challenger)", "version 3 (challenger)"]
    assert [version.aliases for version in houses.all()] == [("champion",), (), ("challenger",)]


def test_the_same_content_is_registered_once(houses, a_run):
    first = houses.register(a_run(content="same"))
    again = houses.register(a_run(content="same"))
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.number, again.run) == (first.number, first.run)
    assert len(houses.ledger.verify()) == 1


def test_the_same_content_is_a_new_version_where_the_old_one_s_files_are_lost(
    houses, a_run, damage
):
    houses.register(a_run(content="same"))
    damage(houses, 1)
    assert houses.register(a_run(content="same")).number == 2


def test_a_version_holds_the_run_s_files_even_when_the_run_is_gone(houses, a_run):
    run = a_run()
    version = houses.register(run)
    folder = houses.shelf.place(1)
    for name in run.about["files"]:
        (run.folder / name).unlink()
        assert (folder / name).read_text() == f"{name} of {version.run}"
    assert not houses.wrong(version)
    assert json.loads((folder / "version.json").read_text())["run"] == version.run


@pytest.mark.parametrize("name", ["model/model.skops", "config.yaml", "version.json"])
def test_a_file_that_was_changed_is_found(three, name, damage):
    damage(three, 2, name)
    assert three.wrong(three.version(2)) == f"{name} was changed"
    assert [version.number for version in three.usable()] == [1, 3]


def test_a_file_that_is_missing_is_found(three):
    (three.shelf.place(2) / "report.html").unlink()
    assert three.wrong(three.version(2)) == "report.html is not there"


def test_two_versions_whose_folders_were_swapped_are_found(three):
    one, two = three.shelf.place(1), three.shelf.place(2)
    one.rename(one.with_name("x"))
    two.rename(one)
    one.with_name("x").rename(two)
    assert [version.number for version in three.usable()] == [3]


def test_what_is_written_into_the_files_of_a_run_later_changes_no_version(houses, a_run):
    candidate = a_run()
    version = houses.register(candidate)
    for name in candidate.about["files"]:
        (candidate.folder / name).write_bytes(b"other")
    assert not houses.wrong(version)


def test_gates_that_were_overridden_stand_in_the_history(houses, a_run):
    houses.register(a_run(gates=["rmse: is 9, at most 5"]), alias="", why="the data is odd")
    (entry,) = houses.ledger.verify()
    assert (entry.gates, entry.why) == (("rmse: is 9, at most 5",), "the data is odd")
    assert houses.version(1).aliases == ()


@pytest.mark.parametrize("name", ["", "../x", "a b", "x'; drop", ".hidden", "a" * 65])
def test_a_model_has_a_safe_name(outputs, name):
    with pytest.raises(MlopsError, match="bad-model-name"):
        Versions(outputs, name)


def test_what_a_crash_left_in_the_place_of_the_next_version_gives_way(three, a_run):
    three.shelf.place(4).mkdir()
    (three.shelf.place(4) / "half").write_text("")
    version = three.register(a_run())
    assert version.number == 4
    assert not three.wrong(version)
    assert not (three.shelf.place(4) / "half").exists()


def test_thirty_two_runs_at_once_get_thirty_two_numbers_without_a_gap(houses, a_run, cli):
    runs = [str(a_run().folder) for _ in range(32)]
    script = [sys.executable, "-c", ALL_AT_ONCE, str(houses.folder.parents[1]), *runs]
    told = subprocess.run(
        script, env=cli.environment(), check=False, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    assert sorted(map(int, told.stdout.split())) == list(range(1, 33))
    assert [version.number for version in houses.usable()] == list(range(1, 33))
    assert {version.run for version in houses.all()} == {os.path.basename(r)[7:] for r in runs}
    names = {name: entry.version for name, entry in _names(houses).items()}
    assert names == {"champion": 1, "challenger": 32}
    assert inspect(houses.folder.parents[1])[0] == "ok"


def _names(versions):
    return {name: versions.holder(name) for name in ("champion", "challenger")}


ALL_AT_ONCE = """
import os, sys
from pathlib import Path
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions, models

gate, opener = os.pipe()
for folder in sys.argv[2:]:
    if not os.fork():
        os.close(opener)
        os.read(gate, 1)  # until the parent opens it for all
        version = Versions(Path(sys.argv[1]), "houses").register(Candidate.of(Path(folder)))
        os.write(1, f"{version.number}\\n".encode())
        os._exit(0)
os.close(opener)
for _ in sys.argv[2:]:
    assert os.wait()[1] == 0
"""


@pytest.mark.parametrize("name", [".away", "houses (copy)", "-x"])
def test_a_copy_under_a_name_that_no_model_has_is_nobody_s(three, outputs, name):
    shutil.copytree(three.folder, three.folder.with_name(name))
    assert models(outputs) == three.ledger.others() == ["houses"]
    assert inspect(outputs)[0] == "ok"
