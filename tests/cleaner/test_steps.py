"""Each cleaning step on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops.cleaner.convert_types import ConvertTypes
from mlops.cleaner.drop_duplicates import DropDuplicates
from mlops.cleaner.drop_missing import DropMissing
from mlops.cleaner.impute import Impute
from mlops.cleaner.iqr import Iqr
from mlops.cleaner.keep_all import KeepAll
from mlops.cleaner.standard import Standard
from mlops.core.errors import MlopsError

# Quartiles 2 and 4, range 2: the bounds are 2 - 3 = -1 and 4 + 3 = 7.
FIVE = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 100.0]})
ANSWERS = pd.Series([1, 2, 3, 4, 5], name="y")


def whole() -> Standard:
    return Standard(
        types=ConvertTypes(readable_share=0.95),
        missing=Impute(),
        outliers=Iqr(),
        duplicates=DropDuplicates(),
    )


def test_the_bounds_are_the_quartiles_and_k_times_their_range():
    assert Iqr(factor=1.5).fit(FIVE).bounds_ == {"a": (-1.0, 7.0)}
    assert Iqr(factor=3).fit(FIVE).bounds_ == {"a": (-4.0, 10.0)}


@pytest.mark.parametrize(
    ("action", "given", "says"),
    [("clip", 7.0, "outlier clipped"), ("blank", np.nan, "outlier made missing")],
)
def test_an_outlier_is_moved_to_the_bound_or_made_missing(action, given, says):
    step = Iqr(action=action)
    X, y = step.fit_resample(FIVE, ANSWERS)
    assert np.array_equal(X["a"], [1, 2, 3, 4, given], equal_nan=True)
    assert (len(y), step.rows_dropped_, step.touched_) == (5, 0, {f"a: {says} above 7": 1})


def test_an_outlier_s_row_goes_while_fitting_and_is_clipped_when_predicting():
    step = Iqr(action="drop")
    X, y = step.fit_resample(FIVE, ANSWERS)
    assert X["a"].tolist() == [1, 2, 3, 4]
    assert y.tolist() == [1, 2, 3, 4]
    assert step.rows_dropped_ == 1
    assert step.transform(pd.DataFrame({"a": [-50.0, 5.0, np.inf]}))["a"].tolist() == [-1, 5, 7]


@pytest.mark.parametrize(
    "values", [[0, 0, 0, 0, 1], [True, False] * 3, [None] * 5, [1] * 9 + [2, 3]]
)
def test_a_column_without_a_middle_half_is_left_alone(values):
    assert Iqr().fit(pd.DataFrame({"a": values, "b": range(len(values))})).bounds_.keys() == {"b"}


def test_infinite_and_missing_values_do_not_move_the_bounds():
    longer = pd.DataFrame({"a": [*FIVE["a"], np.inf, np.nan]})
    step = Iqr().fit(longer)
    assert step.bounds_ == {"a": (-1.0, 7.0)}
    assert np.array_equal(step.transform(longer)["a"][-2:], [7.0, np.nan], equal_nan=True)


MIXED = pd.DataFrame(
    {
        "number": [1.0, np.nan, 4.0, np.inf],
        "whole": pd.array([1, None, 3, 3], dtype="Int64"),
        "word": ["x", "y", None, "x"],
        "flag": [True, None, True, False],
        "when": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-05"]),
        "kind": pd.Categorical(["u", None, "v", "u"]),
        "empty": [None] * 4,
    }
)


def test_every_kind_of_gap_is_filled_with_what_was_learned():
    filled = Impute().fit_transform(MIXED)
    assert filled["number"].tolist() == [1, 2.5, 4, 2.5]
    assert filled["whole"].tolist() == [1, 3, 3, 3]
    assert filled["word"].tolist() == ["x", "y", "x", "x"]
    assert filled["flag"].tolist() == [1, 1, 1, 0]
    assert filled["when"].dt.day.tolist() == [1, 3, 3, 5]
    assert filled["kind"].tolist() == ["u", "u", "v", "u"]
    assert filled["empty"].tolist() == [0, 0, 0, 0]


def test_it_says_how_many_cells_it_filled():
    touched = Impute().fit(MIXED).touched_
    assert touched["number: missing value filled"] == 2
    assert touched["empty: without a known value filled"] == 4


def test_other_fillings_are_the_mean_zero_and_a_category_of_its_own():
    assert Impute(numeric="mean").fit(FIVE).fills_ == {"a": 22.0}
    filled = Impute(numeric="zero", categorical="own_category").fit(MIXED).fills_
    assert (filled["number"], filled["word"], filled["flag"]) == (0.0, "missing", 1.0)


def test_rows_with_a_gap_go_while_fitting_and_are_filled_when_predicting():
    step = DropMissing()
    X, y = step.fit_resample(MIXED, pd.Series(list("abcd"), index=[9, 8, 7, 6]))
    assert y.tolist() == ["a"]
    assert (len(X), step.rows_dropped_) == (1, 3)
    assert step.touched_["number: row dropped, value missing"] == 2
    assert step.transform(MIXED.iloc[[1]])["number"].tolist() == [2.5]


def test_a_cleaner_that_would_drop_every_row_says_so_and_what_to_write():
    gaps = pd.DataFrame({"a": [1.0, None], "b": [None, 1.0]})
    with pytest.raises(MlopsError, match="every-row-dropped") as caught:
        DropMissing().fit_resample(gaps, ANSWERS[:2])
    assert caught.value.problems[0].next_step.startswith("write cleaner=impute")
    far = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 3.0, 2.0]})
    with pytest.raises(MlopsError, match="every-row-dropped") as caught:
        Iqr(factor=0.01, action="drop").fit_resample(far, ANSWERS[:4])
    assert caught.value.problems[0].next_step.startswith("write cleaner.action=clip")


def test_equal_rows_with_other_targets_are_no_duplicates():
    X = pd.DataFrame({"a": [1, 1, 1, 2], "b": ["x", "x", "x", None]})
    step = DropDuplicates()
    kept, y = step.fit_resample(X, pd.Series([0, 0, 1, 1]))
    assert (kept["a"].tolist(), y.tolist(), step.rows_dropped_) == ([1, 1, 2], [0, 1, 1], 1)
    assert len(step.transform(X)) == 4


def test_text_becomes_the_type_that_it_holds():
    frame = pd.DataFrame(
        {
            "price": ["1", " 2.5", "1e3", None],
            "when": ["2020-01-01", "2020-02-01", None, "2020-02-03T10:00"],
            "mostly": ["1", "2", "?", "4"],
            "flag": [True, None, False, True],
            "code": pd.Categorical(["1", "2", "1", "2"]),
            "mixed": ["a", 1, 2.0, None],
        }
    )
    step = ConvertTypes(readable_share=0.7)
    converted = step.fit_transform(frame)
    kinds = ["numeric", "date", "numeric", "boolean", "category", "category"]
    assert list(step.kinds_.values()) == kinds
    assert converted["price"].tolist()[:3] == [1, 2.5, 1000]
    assert converted["when"].dtype.kind == "M"
    assert converted["mixed"].tolist()[:3] == ["a", "1", "2"]
    assert step.touched_["mostly: text that is no numeric made missing"] == 1
    assert ConvertTypes(readable_share=1.0).fit(frame).kinds_["mostly"] == "category"
    assert ConvertTypes().fit(frame).kinds_["price"] == "category"


def test_the_types_are_the_same_when_predicting():
    step = ConvertTypes().fit(pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [True, False]}))
    strange = step.transform(pd.DataFrame({"a": ["3"], "b": [7], "c": ["true"]}))
    assert strange.to_dict("list") == {"a": [3.0], "b": ["7"], "c": [1.0]}
    empty = step.transform(pd.DataFrame({"a": [None], "b": [None], "c": [None]}))
    assert empty.isna().all(axis=None)
    assert list(empty.dtypes) == list(strange.dtypes)


def test_the_standard_order_is_types_missing_outliers_duplicates():
    frame = pd.DataFrame({"a": ["1", "2", "3", "4", "100", None, "3"]})
    step = whole()
    X, y = step.fit_resample(frame, pd.Series([0] * 7))
    assert X["a"].tolist() == [1, 2, 3, 4, 5]
    assert y.tolist() == [0] * 5
    assert step.rows_dropped_ == 2
    assert list(step.touched_) == [
        "a: text read as numeric",
        "a: missing value filled",
        "a: outlier clipped above 5",
        "all columns: row dropped, equal to an earlier one",
    ]


def test_a_step_can_be_left_out_or_be_any_transformer():
    from sklearn.preprocessing import FunctionTransformer

    assert Standard().fit_transform(FIVE).equals(FIVE)
    assert Standard(missing=FunctionTransformer()).fit_resample(FIVE, ANSWERS)[0].equals(FIVE)


def test_keep_all_keeps_all():
    X, y = KeepAll().fit_resample(MIXED, ANSWERS[:4])
    assert X.equals(MIXED)
    assert y.equals(ANSWERS[:4])


@pytest.mark.parametrize("step", [Impute(numeric="middle"), Iqr(action="forget")])
def test_an_unknown_word_is_refused(step):
    with pytest.raises(MlopsError, match="not-accepted"):
        step.fit(FIVE)


def test_what_cannot_be_learned_from_is_refused():
    with pytest.raises(MlopsError, match="no-rows"):
        Impute().fit(FIVE[:0])
    with pytest.raises(MlopsError, match="duplicate-column"):
        Impute().fit(pd.concat([FIVE, FIVE], axis=1))
