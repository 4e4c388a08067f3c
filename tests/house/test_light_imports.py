"""What is imported before the first line is printed stays small."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("lightgbm", "matplotlib", "mlflow", "numpy", "onnx", "onnxruntime", "optuna", "pandas"),
    *("pyarrow", "pygal", "rich", "scipy", "skops", "sklearn", "sqlalchemy", "xgboost"),
}
IMPORT_ONE_BY_ONE = """
import importlib, json, sys
heavy, modules, blame = set(sys.argv[1].split(",")), sys.argv[2:], {}
for module in modules:
    before = heavy & sys.modules.keys()
    importlib.import_module(module)
    new = sorted((heavy & sys.modules.keys()) - before)
    if new:
        blame[module] = new
print(json.dumps(blame))
"""


@pytest.fixture(scope="module")
def light_modules(root):
    folders = [root / "mlops" / name for name in ("core", "config", "flow")]
    files = [root / "mlops" / "cli.py", *(path for each in folders for path in each.rglob("*.py"))]
    names = [".".join(path.relative_to(root).with_suffix("").parts) for path in files]
    kept = [name.removesuffix(".__init__") for name in names if "template" not in name]
    return sorted(set(kept), key=lambda name: (name != "mlops.cli", name))


def test_the_centre_imports_nothing_heavy(light_modules, cli):
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ONE_BY_ONE, ",".join(HEAVY), *light_modules],
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {}
