"""Every model behind every cleaner and every features option answers as scikit-learn does."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.serving.nouns import Unanswerable
from mlops.serving.parity import difference

CALIBRATED = ("sigmoid", "isotonic")


def test_a_model_behind_every_front(fitted, all_options, model_option, task):
    for cleaner in all_options("cleaner"):
        for features in all_options("features"):
            each = fitted(cleaner, features, model_option, task)
            if each is not None:
                program = pickle.loads(pickle.dumps(each.program))
                assert difference(program, each.scikit_learn, each.probes) == "", (
                    cleaner,
                    features,
                )


@pytest.mark.parametrize(
    "words",
    [
        ("features.max_one_hot=2",),
        ("features.max_one_hot=2", "features.keep=3"),
        ("features.max_one_hot=2", "features.degree=1", "features.keep=null"),
        ("features.degree=3",),
        ("features.numeric=null", "features.degree=4", "features.max_one_hot=3"),
    ],
    ids=" ".join,
)
def test_products_and_means_of_the_target(fitted, task, words):
    for cleaner in ("keep_all", "standard"):
        for model in ("hist_gbm", "random_forest", "ridge"):
            each = fitted(cleaner, "rich", model, task, *words)
            if each is not None:
                program = pickle.loads(pickle.dumps(each.program))
                assert difference(program, each.scikit_learn, each.probes) == "", (cleaner, model)


@pytest.mark.parametrize("calibration", CALIBRATED)
@pytest.mark.parametrize("model", ["hist_gbm", "linear", "random_forest", "sgd"])
def test_honest_probabilities(fitted, model, calibration):
    for task in ("two classes", "three classes"):
        words = f"model.calibration={calibration}", "model.folds=3"
        each = fitted("standard", "standard", model, task, *words)
        assert difference(each.program, each.scikit_learn, each.probes) == ""


@pytest.mark.parametrize("threshold", ["tuned", "0.3"])
@pytest.mark.parametrize("model", ["hist_gbm", "linear", "random_forest", "sgd"])
def test_a_threshold_of_its_own(fitted, model, threshold):
    for calibration in ("null", "isotonic"):
        words = f"model.threshold={threshold}", f"model.calibration={calibration}", "model.folds=3"
        each = fitted("standard", "standard", model, "two classes", *words)
        assert difference(each.program, each.scikit_learn, each.probes) == ""


@pytest.mark.parametrize(
    "words",
    [
        ("features.missing=keep",),
        ("features.encoding=ordinal",),
        ("features.max_categories=2",),
        ("features.encoding=ordinal", "features.max_categories=3"),
        ("cleaner.outliers.action=blank",),
        ("cleaner.outliers.action=drop", "cleaner.outliers.factor=0.5"),
        ("cleaner.missing.categorical=own_category", "cleaner.missing.numeric=zero"),
        ("cleaner.missing=null",),
        ("cleaner.outliers=null", "cleaner.types=null", "cleaner.duplicates=null"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("features", ["standard", "minmax"])
def test_other_settings_of_the_front(fitted, features, words):
    for model in ("ridge", "random_forest", "hist_gbm"):
        each = fitted("standard", features, model, "regression", *words)
        if each is not None:
            assert difference(each.program, each.scikit_learn, each.probes) == ""


@pytest.mark.parametrize("model", ["linear", "ridge"])
def test_a_line_through_the_origin(fitted, model):
    for task in ("regression", "two classes", "three classes"):
        each = fitted("standard", "standard", model, task, "model.fit_intercept=false")
        assert difference(each.program, each.scikit_learn, each.probes) == ""


def test_numbers_beyond_the_training_range_can_be_clipped(fitted):
    each = fitted("keep_all", "minmax", "linear", "regression", "features.numeric.clip=true")
    assert difference(each.program, each.scikit_learn, each.probes) == ""
    far, further = (each.program([each.row(area=area)]).values for area in (1e5, 1e6))
    assert far == further


VALUES = {
    "number": st.none() | st.integers(-(2**60), 2**60).map(float) | st.floats(-1e6, 1e6),
    "date": st.none() | st.datetimes().map(lambda moment: moment.isoformat()),
    "words": st.none() | st.sampled_from(["north", "hill", "0123", " 8000.0", "true", "missing"]),
}


@given(st.data())
def test_any_row_is_answered_alike_or_refused_by_both(fitted, all_options, data):
    rooms = ("cleaner", "features", "model")
    known = {room: all_options(room) for room in rooms}
    chosen = [data.draw(st.sampled_from(known[room])) for room in rooms]
    task = data.draw(st.sampled_from(["regression", "two classes", "three classes"]))
    each = fitted(*chosen, task)
    if each is None:
        return
    text = VALUES["words"] | st.text(max_size=5)
    values = {**VALUES, "words": text}
    row = st.tuples(*(values[one.kind] for one in each.schema.inputs))
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    assert difference(each.program, each.scikit_learn, rows) == ""


def test_no_rows_are_no_answers(fitted):
    assert fitted("standard", "standard", "linear", "regression").program([]).values == []
    assert fitted("standard", "standard", "linear", "two classes").program([]).probabilities == []


@pytest.mark.parametrize("model", ["ridge", "sgd", "linear"])
def test_a_gap_that_nothing_fills_is_refused_with_its_row(fitted, model):
    words = ("cleaner.missing=null", "features.missing=keep")
    each = fitted("standard", "standard", model, "two classes", *words)
    assert each is None  # it could not even learn
    each = fitted("impute", "standard", model, "two classes", "features.missing=keep")
    assert each.program([each.row(age=None)]).values


def test_a_number_too_large_for_a_forest_is_refused_with_its_row(fitted):
    each = fitted("keep_all", "standard", "random_forest", "regression")
    with pytest.raises(Unanswerable) as refused:
        each.program([each.row(), each.row(area=1e300)])
    assert refused.value.row == 1
    with pytest.raises(Unanswerable):
        each.scikit_learn([each.row(area=1e300)])
