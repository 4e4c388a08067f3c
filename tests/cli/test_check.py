"""`mlops check` and completion as processes: nothing written, nothing heavy, nothing run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "mlflow",
    "numpy",
    "pandas",
    "sklearn",
    "scipy",
    "pyarrow",
    "optuna",
    "skops",
    "matplotlib",
}
IMPORTED = """
import json, sys
from mlops.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture
def snapshot(work):
    def taken():
        return {
            str(path.relative_to(work)): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in work.rglob("*")
        }

    return taken


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check"], 0),
        (["check", "recipe=credit_scoring", "model=ridge", "tuner=grid"], 0),
        (["check", "model=rigde"], 2),
        (["check", "model._target_=os.system"], 3),
        (["--cfg", "job"], 0),
        (["--help"], 0),
    ],
)
def test_it_writes_nothing_and_imports_nothing_heavy(cli, snapshot, words, code):
    (cli.folder / "recipes").mkdir()
    (cli.folder / "recipes" / "mine.yaml").write_text("# Mine.\nseed: 3\n")
    before = snapshot()
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words],
        cwd=cli.folder,
        env=cli.environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    answered, modules = json.loads(ran.stdout.splitlines()[-1])
    assert answered == code
    assert not HEAVY & {*modules}
    assert snapshot() == before
    assert "Traceback" not in ran.stderr


def test_it_checks_in_a_folder_that_cannot_be_written(cli):
    cli.folder.chmod(0o500)
    try:
        cli("check").ok()
    finally:
        cli.folder.chmod(0o700)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mlops mod", ["mode=", "model="]),
        ("mlops model=r", ["model=random_forest", "model=ridge"]),
        ("mlops recipe=", ["recipe=boston_housing", "recipe=credit_scoring"]),
        ("mlops model=ridge model.alp", ["model.alpha="]),
    ],
)
def test_the_shell_completes(cli, line, words):
    ran = cli("-sc", "query=bash", env={"COMP_LINE": line, "COMP_POINT": str(len(line))}).ok()
    assert {*words} <= {*ran.stdout.split()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_learns_to_complete(cli, shell):
    assert "mlops" in cli("-sc", f"install={shell}").ok().stdout


def test_a_file_beside_the_project_does_not_stand_for_an_installed_package(cli):
    (cli.folder / "conf" / "model").mkdir(parents=True)
    (cli.folder / "conf" / "model" / "mine.yaml").write_text("# Mine.\n_target_: sklearn.svm.SVC\n")
    (cli.folder / "sklearn.py").write_text("open('imported', 'w').close()\n")
    assert cli("check", "model=mine").exit_code == 3
    assert not (cli.folder / "imported").exists()
