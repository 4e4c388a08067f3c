"""What cannot be lowered is exported to ONNX, where that is exact and faster."""

from __future__ import annotations

import pickle
import sys

import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from mlops.cleaner.impute import Impute
from mlops.contract.columns import Columns
from mlops.features.by_kind import ByKind
from mlops.serving.nouns import Schema, Unanswerable
from mlops.serving.onnx import exported, is_faster
from mlops.serving.parity import difference
from mlops.serving.probes import probes

needs_onnx = pytest.mark.onnx


def fit(fitted_behind, model, task, scaler=None):
    features = ByKind(numeric=scaler or StandardScaler(), missing="keep")
    steps = [("columns", Columns()), ("cleaner", Impute()), ("features", features)]
    return fitted_behind(steps, task, model)


@needs_onnx
@pytest.mark.parametrize(
    ("model", "of"),
    [
        (MLPRegressor(hidden_layer_sizes=(8,), max_iter=30, random_state=0), "regression"),
        (MLPClassifier(hidden_layer_sizes=(8,), max_iter=30, random_state=0), "two classes"),
        (MLPClassifier(hidden_layer_sizes=(8,), max_iter=30, random_state=0), "three classes"),
        (GaussianNB(), "three classes"),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_answers_as_scikit_learn_does_and_sooner(fitted_behind, model, of):
    each = fit(fitted_behind, model, of)
    program, why = exported(each.pipeline, each.schema)
    assert why == ""
    again = pickle.loads(pickle.dumps(program))
    rows = probes(each.schema, program.front, program.model, each.known)
    assert difference(again, each.scikit_learn, rows) == ""
    assert is_faster(again, each.scikit_learn, each.known[0])


@needs_onnx
def test_neighbours_that_are_equally_far_are_told_apart_otherwise(fitted_behind):
    each = fit(fitted_behind, KNeighborsRegressor(), "regression")
    program, _ = exported(each.pipeline, each.schema)
    rows = probes(each.schema, program.front, program.model, each.known)
    assert "answered otherwise" in difference(program, each.scikit_learn, rows)


@needs_onnx
def test_a_gap_is_refused_with_its_row(fitted_behind):
    each = fit(fitted_behind, GaussianNB(), "two classes")
    program, _ = exported(each.pipeline, each.schema)
    known = program.front.dense(each.known[0])
    with pytest.raises(Unanswerable) as refused:
        program.model.answers([known, [float("nan"), *known[1:]]])
    assert refused.value.row == 1


@needs_onnx
def test_what_has_no_exact_form_is_said(fitted_behind):
    each = fit(fitted_behind, GradientBoostingRegressor(n_estimators=3), "regression")
    program, why = exported(each.pipeline, each.schema)
    assert program is None
    assert why.startswith("GradientBoostingRegressor has no ONNX form here")


@needs_onnx
def test_a_front_that_is_not_known_is_said(fitted_behind):
    each = fit(fitted_behind, KNeighborsRegressor(), "regression", MaxAbsScaler())
    assert exported(each.pipeline, each.schema) == (None, "MaxAbsScaler is not known")
    alone = exported(LinearRegression(), Schema((), "regression", "y"))
    assert alone == (None, "LinearRegression: no pipeline of ours")


def test_packages_that_are_absent_are_named(fitted_behind, monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)  # as if it were not installed
    each = fit(fitted_behind, KNeighborsRegressor(), "regression")
    program, why = exported(each.pipeline, each.schema)
    assert program is None
    assert "skl2onnx" in why
