"""scikit-learn's estimators by name, as scikit-learn itself lists them."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from sklearn.utils import all_estimators

from mlops.core.estimators import is_estimator


def full(found):
    return f"{found.__module__}.{found.__qualname__}"


def test_every_estimator_is_one():
    listed = {full(found) for _, found in all_estimators()}
    ours = {name for name in listed if name.startswith("sklearn.")}
    assert len(ours) > 150
    assert [name for name in sorted(ours) if not is_estimator(name)] == []


def test_nothing_else_in_those_modules_is_one():
    listed = {full(found) for _, found in all_estimators()}
    modules = [module for name, module in sorted(sys.modules.items()) if name[:7] == "sklearn"]
    others = {
        full(found)
        for module in modules
        for _, found in inspect.getmembers(module, lambda each: inspect.isclass(each))
    } - listed
    assert len(others) > 100
    assert [name for name in sorted(others) if is_estimator(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "sklearn",
        "sklearn.base.clone",
        "sklearn.base.BaseEstimator",
        "sklearn.nothing.Ridge",
        "sklearn.linear_model.Ridge",  # not where it is defined
        "sklearn.linear_model._ridge.os.system",
        "sklearn.datasets.clear_data_home",
        "sklearn.tests.test_base.MyEstimator",
        "sklearn.tree._tree.Tree",
        "os.system",
    ],
)
def test_what_is_none(name):
    assert not is_estimator(name)


READ = """
import sys
from pathlib import Path
from mlops.core.artefact import load
from mlops.core.estimators import import_skops
import_skops()
print(type(load(Path(sys.argv[1]))).__name__, "sklearn.gaussian_process" in sys.modules)
"""


def test_a_model_is_read_without_all_of_scikit_learn(tmp_path):
    from sklearn.linear_model import Ridge

    from mlops.core.artefact import save

    save(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "model.skops")
    command = [sys.executable, "-c", READ, str(tmp_path / "model.skops")]
    read = subprocess.run(command, capture_output=True, text=True, check=True)
    assert read.stdout.split() == ["Ridge", "False"]
