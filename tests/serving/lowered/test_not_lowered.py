"""What is not known is said with its name, and left to scikit-learn."""

from __future__ import annotations

import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from mlops.cleaner.convert_types import ConvertTypes
from mlops.cleaner.impute import Impute
from mlops.cleaner.iqr import Iqr
from mlops.cleaner.keep_all import KeepAll
from mlops.cleaner.standard import Standard
from mlops.contract.columns import Columns
from mlops.features.by_kind import ByKind
from mlops.serving.lowered.lower import lower
from mlops.serving.nouns import Schema


class Ours(KeepAll):
    """A project's own cleaner, which may do anything."""


def why(fitted_behind, *, cleaner=None, features=None, model=None, task="regression"):
    steps = [
        ("columns", Columns()),
        ("cleaner", cleaner or Impute()),
        ("features", features or ByKind()),
    ]
    each = fitted_behind(steps, task, model or LinearRegression())
    program, why = lower(each.pipeline, each.schema)
    assert program is None
    return why


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"cleaner": Ours()}, "Ours is not known"),
        ({"cleaner": Standard(missing=Impute(), types=Ours())}, "Ours is not known"),
        ({"cleaner": Standard(missing=Iqr(), outliers=Iqr())}, "Iqr: bounds twice"),
        ({"features": ByKind(numeric=MaxAbsScaler())}, "MaxAbsScaler is not known"),
        ({"model": KNeighborsRegressor()}, "KNeighborsRegressor is not known"),
    ],
)
def test_a_part_that_is_not_known_is_named(fitted_behind, parts, says):
    if "cleaner" in parts:
        parts = {**parts, "features": ByKind(numeric=StandardScaler())}
    assert why(fitted_behind, **parts) == says


def test_words_that_a_cleaner_reads_as_numbers_are_not_known(fitted_behind):
    cleaner = Standard(types=ConvertTypes(readable_share=0.3), missing=Impute())
    said = why(fitted_behind, cleaner=cleaner)
    assert said == "ConvertTypes: a column of words becomes numeric"


def test_answers_by_chance_are_not_known(fitted_behind):
    model = DummyClassifier(strategy="uniform", random_state=0)
    said = why(fitted_behind, model=model, task="two classes")
    assert said == "DummyClassifier: answers by chance"


def test_another_linear_model_is_known(fitted_behind):
    steps = [("columns", Columns()), ("cleaner", Impute()), ("features", ByKind())]
    each = fitted_behind(steps, "regression", Lasso())
    assert each.program(each.known).values == pytest.approx(each.scikit_learn(each.known).values)


def test_what_is_no_pipeline_of_ours_is_said():
    assert lower(LinearRegression(), Schema((), "regression", "y"))[1] == (
        "LinearRegression: no pipeline of ours"
    )
