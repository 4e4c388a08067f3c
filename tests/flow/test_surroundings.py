"""What a run says of the code that it ran with."""

from __future__ import annotations

import subprocess

import pytest

from mlops.flow.surroundings import code_state


@pytest.fixture
def project(tmp_path):
    """A repository in which all is committed, and whose outputs nobody ignores."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@b.c"]
    for name in ("code.py", "my_secrets.txt", "outputs/old.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "clean", "is_shown"),
    [
        ("code.py", "false", True),
        ("new.py", "false", False),
        ("my_secrets.txt", "false", False),
        ("outputs/old.txt", "true", False),
        ("outputs/new.txt", "true", False),
    ],
)
def test_only_what_is_committed_as_it_stands_is_clean(project, name, clean, is_shown):
    assert code_state(project)[0]["git.clean"] == "true"
    (project / name).write_text("x = 2\n")
    tags, diff = code_state(project)
    assert (tags["git.clean"], "+x = 2" in diff) == (clean, is_shown)
