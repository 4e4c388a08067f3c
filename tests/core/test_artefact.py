"""A model file is read only if it is whole, and only if everything in it is on our own list."""

from __future__ import annotations

import io
import json
import pickle
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlops.core.artefact import load, save, trusted
from mlops.core.errors import MlopsError
from mlops.core.store import digest

ROWS = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) ** 2})


class Stranger(TransformerMixin, BaseEstimator):
    """A type of nobody's list."""

    def fit(self, X, y=None):
        self.n_ = 1
        return self

    def transform(self, X):
        return X


@pytest.fixture
def fitted():
    return make_pipeline(StandardScaler(), LinearRegression()).fit(ROWS, ROWS["a"])


@pytest.fixture
def file(tmp_path, fitted):
    path = tmp_path / "model.skops"
    save(fitted, path)
    return path


def refusal(path, **how) -> MlopsError:
    with pytest.raises(MlopsError) as caught:
        load(path, **how)
    assert caught.value.exit_code == 3
    (problem,) = caught.value.problems
    assert all([problem.says, problem.where, problem.found, problem.accepted, problem.next_step])
    return caught.value


def crafted(path, schema, members=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, content in members:
            archive.writestr(name, content)
    return path


def node(module, name, loader="ObjectNode", **more):
    return {"__class__": name, "__module__": module, "__loader__": loader, "protocol": 2, **more}


def test_what_was_saved_is_loaded(file, fitted):
    assert np.array_equal(load(file).predict(ROWS), fitted.predict(ROWS))


def test_nothing_but_the_file_is_left_behind(file):
    assert [path.name for path in file.parent.iterdir()] == ["model.skops"]


def test_a_type_that_is_not_on_the_list_is_neither_written_nor_read(tmp_path):
    path = tmp_path / "model.skops"
    with pytest.raises(MlopsError, match="untrusted-type") as caught:
        save(Stranger().fit(ROWS), path)
    assert caught.value.exit_code == 3
    assert not path.exists()


def test_the_project_s_own_pattern_allows_its_own_classes_only(tmp_path, monkeypatch):
    package = tmp_path / "my_project_under_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "leaf.py").write_text(
        "from os import system\n"
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "class Leaf(TransformerMixin, BaseEstimator):\n"
        "    def fit(self, X, y=None):\n"
        "        self.n_ = 1\n"
        "        return self\n"
        "    def transform(self, X):\n"
        "        return X\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from my_project_under_test.leaf import Leaf

    allowed = ["my_project_under_test.*"]
    path = tmp_path / "model.skops"
    assert save(Leaf().fit(ROWS), path, allowed=allowed) == ("my_project_under_test.leaf.Leaf",)
    assert load(path, allowed=allowed).n_ == 1
    assert "untrusted-type" in str(refusal(path))
    borrowed = crafted(path, node("my_project_under_test.leaf", "system", "FunctionNode"))
    assert "untrusted-type" in str(refusal(borrowed, allowed=allowed))


def test_a_star_alone_allows_nothing(tmp_path):
    path = crafted(tmp_path / "model.skops", node("os", "system", "FunctionNode"))
    assert "untrusted-type" in str(refusal(path, allowed=["*"]))


@pytest.mark.parametrize(
    "schema",
    [
        node("os", "system", "FunctionNode"),
        node("os", "system", "TypeNode"),
        node("joblib", "load", "ConstructorFromReduceNode", content=node("os", "path")),
        node("builtins", "eval", "NoSuchNode"),
        node("sklearn.datasets", "clear_data_home", "FunctionNode"),
        {},
        [],
        "model",
    ],
    ids=lambda schema: str(schema)[:60],
)
def test_a_crafted_schema_is_refused(tmp_path, schema):
    refusal(crafted(tmp_path / "model.skops", schema))


def test_a_refused_module_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "module_that_shouts.py").write_text("open('shout', 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    refusal(crafted(tmp_path / "model.skops", node("module_that_shouts", "Thing")))
    assert "module_that_shouts" not in sys.modules
    assert not (tmp_path / "shout").exists()


def test_a_pickle_in_disguise_is_not_executed(tmp_path):
    class Shouts:
        def __reduce__(self):
            return open, (str(tmp_path / "shout"), "w")

    path = tmp_path / "model.skops"
    path.write_bytes(pickle.dumps(Shouts()))
    refusal(path)
    array = io.BytesIO()
    np.save(array, np.array([Shouts()], dtype=object), allow_pickle=True)
    holder = node("numpy", "ndarray", "NdArrayNode", type="numpy", file="1.npy")
    refusal(crafted(path, holder, [("1.npy", array.getvalue())]))
    assert not (tmp_path / "shout").exists()


@pytest.mark.parametrize("name", ["../evil.npy", "/etc/evil.npy", "a/b.npy", "..", "a\\b.npy"])
def test_a_member_that_points_elsewhere_is_refused(file, name):
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "x")
    refusal(file)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
        with archive.open("1.npy", "w") as member:
            for _ in range(300):
                member.write(bytes(2**20))
    assert "unpacked" in str(refusal(path))


def test_a_schema_nested_a_hundred_thousand_deep_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", '{"content": [' * 100_000)
    refusal(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(file, share):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    refusal(file)


def test_a_flipped_bit_is_refused_or_changes_nothing(file, fitted):
    content, said = file.read_bytes(), fitted.predict(ROWS)
    for position in range(0, len(content), max(1, len(content) // 60)):
        damaged = bytearray(content)
        damaged[position] ^= 0b100
        file.write_bytes(damaged)
        try:
            read = load(file)
        except MlopsError as error:
            assert error.exit_code == 3
        else:
            assert np.array_equal(read.predict(ROWS), said)


def test_a_swapped_file_is_refused_by_the_digest_recorded(tmp_path, file):
    recorded = digest(file)
    save(make_pipeline(StandardScaler()).fit(ROWS), file)
    assert "recorded" in str(refusal(file, sha256=recorded))


def test_two_files_inside_that_are_swapped_are_refused_or_of_one_shape(file):
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    first, second, *_ = [name for name in members if name != "schema.json"]
    members[first], members[second] = b"", members[first]
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    refusal(file)


def test_something_that_is_no_estimator_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    save([1, 2], path)
    assert "no estimator" in str(refusal(path))


def test_a_file_that_is_not_there_is_the_user_s_mistake(tmp_path):
    with pytest.raises(MlopsError, match="no-artefact") as caught:
        load(tmp_path / "model.skops")
    assert caught.value.exit_code == 2


def test_a_function_of_somebody_s_is_not_written_into_a_transformer(tmp_path):
    with pytest.raises(MlopsError, match="untrusted-type"):
        save(FunctionTransformer(pd.read_pickle).fit(ROWS), tmp_path / "model.skops")


def test_the_list_is_found_and_not_registered():
    names = trusted()
    assert "mlops.cleaner.iqr.Iqr" in names
    assert "mlops.model.mean_cost.mean_cost" in names
    assert not [name for name in names if name.split(".")[0] not in ("mlops", "sklearn")]
