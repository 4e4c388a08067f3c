"""What a column is for, read from its values and its name, and how to overrule it."""

from __future__ import annotations

import pandas as pd
import pytest

from mlops.core.errors import MlopsError
from mlops.data.roles import is_sensitive, role_of
from mlops.data.tabular import Tabular

LONG = [f"this is sentence number {number} of many" for number in range(200)]


@pytest.mark.parametrize(
    ("values", "name", "role"),
    [
        ([1.5, None, 2.0], "size", "numeric"),
        (range(30), "rank", "numeric"),
        (range(30), "customerId", "id"),
        ([1, 1, 2], "id", "numeric"),
        (["1", "2.5", None], "size", "numeric"),
        (["01", "02", "10"], "zip", "categorical"),
        (["a", "b", "a"], "kind", "categorical"),
        ([True, False, None], "new", "categorical"),
        ([f"x{number}" for number in range(60)], "ref", "id"),
        ([f"x{number}" for number in range(60)] * 2, "city", "categorical"),
        (LONG, "comment", "text"),
        (["2024-01-01", "2024-12-31"], "sold", "date"),
        (["2024-01-01 10:00", "2024-12-31 11:30"], "timestamp", "time"),
        ([None, None], "empty", "ignored"),
        ([f"{number}" for number in range(90)] + ["oops"], "size", "numeric"),
        (["1", "2", "A"], "grade", "categorical"),
    ],
)
def test_a_role_is_read_from_values_and_name(values, name, role):
    column = pd.Series(list(values), name=name)
    assert role_of(column.astype("str") if column.dtype == object else column) == role


@pytest.mark.parametrize(
    ("values", "role"), [([True, False, None], "categorical"), ([1, 2.5, None], "numeric")]
)
def test_a_column_of_objects_is_judged_by_what_they_say(values, role):
    assert role_of(pd.Series(values, name="new", dtype=object)) == role


@pytest.mark.parametrize(
    ("name", "sensitive"),
    [
        ("email", True),
        ("Sex", True),
        ("LastName", True),
        ("date_of_birth", True),
        ("unisex", False),
        ("name_of_station", False),
        ("age", False),
    ],
)
def test_a_sensitive_column_is_known_by_its_name(name, sensitive):
    assert is_sensitive(pd.Series(["x", "y", "z"], name=name)) is sensitive


def frame() -> pd.DataFrame:
    return pd.DataFrame({"email": list("abcd") * 5, "x": range(20), "y": [0, 1] * 10})


def columns(**keys):
    dataset = Tabular(target="y", **keys)._dataset(frame(), source="here")
    return {column.name: (column.role, column.sensitive) for column in dataset.columns}


def test_what_is_stated_overrules_what_is_inferred():
    assert columns()["email"] == ("categorical", True)
    assert columns(roles={"email": "categorical"})["email"] == ("categorical", False)
    assert columns(roles={"x": ["group", "sensitive"]})["x"] == ("group", True)
    assert columns(sensitive=["x"])["x"] == ("numeric", True)


def test_inferences_that_matter_are_told():
    dataset = Tabular(target="y")._dataset(frame().assign(gap=None), source="here")
    assert any(note.startswith("email: taken as sensitive") for note in dataset.notes)
    assert any(note.startswith("gap: no value in any row") for note in dataset.notes)
    assert "gap" not in dataset.features


@pytest.mark.parametrize(
    ("said", "near"),
    [("numerical", "numeric"), (["numeric", "sensetive"], "sensitive"), ("target", "text")],
    ids=repr,
)
def test_an_unknown_role_is_refused(said, near):
    with pytest.raises(MlopsError, match="role-unknown") as caught:
        Tabular(target="y", roles={"x": said})._check_names(["x", "y"])
    assert caught.value.problems[0].closest == near


def test_data_without_any_feature_is_refused():
    with pytest.raises(MlopsError, match="no-features"):
        columns(roles={"x": "id", "email": "ignored"})


@pytest.mark.parametrize(
    ("names", "step"),
    [(["y", "email"], "data.roles.email=numeric, or more columns"), (["y"], "more columns")],
)
def test_what_to_do_without_any_feature_is_no_role_for_the_target(names, step):
    roles = {name: "ignored" for name in names if name != "y"}
    with pytest.raises(MlopsError, match="no-features") as caught:
        Tabular(target="y", roles=roles)._dataset(frame()[names], source="here")
    assert caught.value.problems[0].next_step.startswith(step)
