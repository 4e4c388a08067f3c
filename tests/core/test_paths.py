"""Where things are, and what a new outputs folder is made with."""

from __future__ import annotations

import subprocess

import pytest

from mlops.core.paths import make_outputs


@pytest.mark.parametrize("words", [("tracker=offline",), (), ("-m", "seed=1,2"), ("sync",)])
def test_git_leaves_what_runs_write_alone(cli, work, words):
    subprocess.run(["git", "init", "-q"], cwd=work, check=True)
    verb_has_a_mode = words != ("sync",)
    cli(*words, *(["mode=smoke"] if verb_has_a_mode else []), "ui=plain").ok()
    assert (work / "outputs").is_dir()
    told = subprocess.run(
        ["git", "status", "--short"], cwd=work, capture_output=True, text=True, check=True
    )
    assert told.stdout == ""


def test_a_folder_that_somebody_else_made_stays_as_it_is(tmp_path):
    make_outputs(tmp_path)
    assert list(tmp_path.iterdir()) == []
    make_outputs(tmp_path / "a" / "b")
    make_outputs(tmp_path / "a")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b", ".gitignore"]
