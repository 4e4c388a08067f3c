"""What the laws are read from: the tracked files, the modules, the option files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mlops"
TEMPLATE = PACKAGE / "flow" / "template"


def tracked() -> list[Path]:
    """Files that Git tracks or would track, relative; without Git, all but what tools write."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        files = [Path(line) for line in listed.stdout.splitlines()]
    else:
        files = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    written = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv", "outputs")
    return sorted(
        path for path in files if (ROOT / path).is_file() and not set(written) & {*path.parts[:-1]}
    )


def sources() -> list[Path]:
    """Our Python files below mlops/, without the template of a new project."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if TEMPLATE not in path.parents]


def module_name(path: Path) -> str:
    """``mlops/core/errors.py`` is ``mlops.core.errors``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    return tracked()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `source`, `option_file` or `module` one case for each."""
    if "source" in metafunc.fixturenames:
        found = sources()
        metafunc.parametrize("source", found, ids=[str(path.relative_to(ROOT)) for path in found])
    if "module" in metafunc.fixturenames:
        with_examples = [path for path in sources() if ">>> " in path.read_text(encoding="utf-8")]
        metafunc.parametrize("module", [module_name(path) for path in with_examples])
    if "option_file" in metafunc.fixturenames:
        found = sorted((ROOT / "conf").glob("*/*.yaml"))
        ids = [f"{path.parent.name}/{path.stem}" for path in found]
        metafunc.parametrize("option_file", found, ids=ids)
