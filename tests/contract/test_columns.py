"""The door of the pipeline: raw records in, the learned columns in their types out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlops.contract.columns import Columns
from mlops.core.errors import MlopsError

EXPECTED = {
    "check_dataframe_column_names_consistency": "columns are found by name, in any order",
}


@parametrize_with_checks([Columns()], expected_failed_checks=lambda estimator: EXPECTED)
def test_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def learned() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": [50.0, None, 70.5],
            "zip": pd.array(["0123", "8000", "8001"], dtype="str"),
            "city": pd.array(["Bern", "Basel", None], dtype="str"),
            "built": pd.to_datetime(["1990-01-01", "2000-06-30", None]),
        }
    )


@pytest.fixture
def columns(learned: pd.DataFrame) -> Columns:
    return Columns().fit(learned)


def record(**changed: object) -> pd.DataFrame:
    whole = {"area": 60, "zip": "0123", "city": "Bern", "built": "2010-01-01"}
    return pd.DataFrame([{**whole, **changed}])


def test_what_was_learned_comes_out_as_it_is(columns, learned):
    out = columns.transform(learned)
    assert out["area"].equals(learned["area"])
    assert out["city"].equals(learned["city"])
    assert out["zip"].astype("str").equals(learned["zip"])


def test_words_that_look_like_numbers_are_kept_from_becoming_numbers(columns):
    assert columns.kinds_.tolist() == ["number", "codes", "words", "date"]
    assert isinstance(columns.transform(record())["zip"].dtype, pd.CategoricalDtype)


def test_a_column_of_text_stays_one_where_the_fitting_side_knows_no_value():
    words = pd.array(["Bern", None, None], dtype="str")
    held, fit = pd.DataFrame({"city": words[:1]}), pd.DataFrame({"city": words[1:]})
    assert Columns().fit(fit).transform(held)["city"].tolist() == ["Bern"]


def test_columns_are_found_by_name_and_others_are_ignored(columns):
    mixed = record(colour="red")[["colour", "built", "city", "zip", "area"]]
    assert columns.transform(mixed).columns.tolist() == ["area", "zip", "city", "built"]


@pytest.mark.parametrize("area", ["60", " 60.0 ", 60, np.int32(60)], ids=repr)
def test_a_number_may_come_as_text(columns, area):
    out = columns.transform(record(area=area))["area"]
    assert out.dtype == "float64"
    assert out.tolist() == [60.0]


@pytest.mark.parametrize("code", ["8000", 8000, 8000.0, "8000.0"], ids=repr)
def test_one_code_has_one_spelling(columns, code):
    assert columns.transform(record(zip=code))["zip"].tolist() == ["8000"]


@pytest.mark.parametrize("nothing", [None, np.nan, "", pd.NA], ids=repr)
def test_a_missing_value_stays_missing(columns, nothing):
    out = columns.transform(record(area=nothing, zip=nothing, city=nothing, built=nothing))
    assert out.isna().all(axis=None)


def test_a_date_may_have_a_zone(columns):
    out = columns.transform(record(built="2010-01-01T00:30:00+01:00"))["built"]
    assert out.tolist() == [pd.Timestamp("2009-12-31 23:30")]


def test_all_missing_columns_are_named_with_what_they_may_be_called(columns):
    with pytest.raises(MlopsError) as caught:
        columns.transform(record().rename(columns={"area": "Area_m2", "city": "town"}))
    problem = caught.value.problems[0]
    assert problem.code == "columns-missing"
    assert problem.found == "missing: area, city"
    assert "Area_m2" in problem.closest


@pytest.mark.parametrize(
    ("column", "value"), [("area", "secret"), ("built", "secret"), ("area", float("inf"))]
)
def test_what_cannot_be_read_is_told_without_the_value(columns, column, value):
    rows = pd.concat([record(), record(**{column: value})])
    with pytest.raises(MlopsError) as caught:
        columns.transform(rows)
    assert f"column {column}, row 2" in str(caught.value)
    assert str(value) not in str(caught.value)


def test_two_columns_of_one_name_are_refused(columns):
    twice = pd.concat([record(), record()[["area"]]], axis=1)
    with pytest.raises(MlopsError, match="duplicate-column"):
        columns.transform(twice)


def test_the_rows_keep_their_index_and_the_input_is_untouched(columns):
    rows = pd.concat([record(area="1"), record(area="2")]).set_axis([7, 3])
    before = rows.copy()
    assert columns.transform(rows).index.tolist() == [7, 3]
    pd.testing.assert_frame_equal(rows, before)


def test_it_survives_skops_with_nothing_but_its_own_type(columns, learned):
    stored = skops.io.dumps(columns)
    assert skops.io.get_untrusted_types(data=stored) == ["mlops.contract.columns.Columns"]
    loaded = skops.io.loads(stored, trusted=["mlops.contract.columns.Columns"])
    pd.testing.assert_frame_equal(loaded.transform(learned), columns.transform(learned))
    assert clone(loaded).fit(learned).kinds_.tolist() == columns.kinds_.tolist()
