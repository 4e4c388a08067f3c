"""The tools that read the source have nothing to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ],
    ids=["ruff-check", "ruff-format", "mypy", "import-linter"],
)
def test_the_tool_is_content(command, root, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(root))
    program = [str(TOOLS / command[0]), *command[1:]]
    ran = subprocess.run(program, cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_import_linter_tells_a_room_that_reaches_over_to_its_neighbour(tmp_path, root, monkeypatch):
    package = tmp_path / "mlops"
    for room in ("core", "config", "flow", "ui", "data", "contract", "splitter", "cleaner"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").touch()
    for room in ("serving", "features", "model", "tuner", "evaluator"):
        (package / room).mkdir()
        (package / room / "__init__.py").touch()
    for room in ("tracker", "registry", "deployer", "monitor", "compute"):
        (package / room).mkdir()
        (package / room / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "cli.py").touch()
    (package / "model" / "nosy.py").write_text("import mlops.features\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program = [str(TOOLS / "lint-imports"), "--no-cache", "--config", str(root / "pyproject.toml")]
    ran = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "mlops.model is not allowed to import mlops.features" in ran.stdout
