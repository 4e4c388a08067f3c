"""Processes that are many, or start first, import little."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    *("grpc", "mlflow", "onnx", "onnxruntime", "optuna", "pandas", "prometheus_client"),
    *("pyarrow", "scipy", "skops", "sklearn"),
}
FRONTS = {"msgspec", "numpy", "uvicorn"}
PROGRAM = "import sys, {0}; print(*{{name.partition('.')[0] for name in sys.modules}})"


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("mlops.serving.supervisor", HEAVY | FRONTS | {"asyncio"}),
        ("mlops.serving.worker", HEAVY),
        ("mlops.serving.log_process", HEAVY - {"pyarrow"}),
        ("mlops.serving.grpc.process", HEAVY - {"grpc"}),
        ("mlops.deployer.local", HEAVY | FRONTS | {"filelock"}),
    ],
)
def test_it_imports_nothing_heavy(module, banned):
    asked = [sys.executable, "-c", PROGRAM.format(module)]
    ran = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert not banned & set(ran.stdout.split())
