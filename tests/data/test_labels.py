"""What the target asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops.core.errors import MlopsError
from mlops.data.labels import settle

GIVEN = {"task": None, "positive": None, "costs": None}


def settled(values, **keys):
    return settle(pd.Series(values, name="y"), **{**GIVEN, **keys})


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (np.linspace(0, 1, 50), "regression", ()),
        (range(50), "regression", ()),
        ([1.5, 2.5] * 20, "classification", ("1.5", "2.5")),
        ([0, 1] * 20, "classification", (0, 1)),
        ([3.0, 4.0, 5.0] * 20, "classification", (3, 4, 5)),
        ([3.0, 4.0, 5.0], "regression", ()),
        (["no", "yes"] * 5, "classification", ("no", "yes")),
        ([True, False] * 5, "classification", (False, True)),
        (["true", "false"] * 5, "classification", (False, True)),
    ],
    ids=str,
)
def test_the_task_is_read_from_the_target(values, task, classes):
    labels, found, _ = settled(values)
    assert (found.name, found.classes) == (task, classes)
    assert all(type(label) in (int, bool, str) for label in found.classes)
    assert labels.dtype in ("float64", "int64", "bool", "str")


def test_the_task_can_be_stated():
    assert settled([0, 1] * 9, task="regression")[1].name == "regression"
    assert settled(range(30), task="classification")[1].classes == tuple(range(30))
    with pytest.raises(MlopsError, match="not-accepted"):
        settled([0, 1], task="clasification")


def test_missing_labels_stay_missing():
    labels, task, _ = settled([0, 1, None] * 5)
    assert task.classes == (0, 1)
    assert labels.isna().sum() == 5


def test_the_positive_class_is_given_or_the_last_and_told():
    assert settled([0, 1] * 5)[1:] == (settled([0, 1] * 5, positive="1")[1], [])
    task, notes = settled(["good", "bad"] * 5)[1:]
    assert task.positive == "good"
    assert "data.positive" in notes[0]
    assert settled(["good", "bad"] * 5, positive="bad")[1].positive == "bad"
    assert settled([1, 2, 3] * 30)[1].positive is None


def test_costs_belong_to_labels_and_default_to_one():
    assert settled([0, 1] * 5, costs={"1": 5})[1].costs == {0: 1.0, 1: 5.0}
    assert settled(["a", "b"] * 5)[1].costs == {}


@pytest.mark.parametrize(
    ("values", "keys", "code"),
    [
        ([None, None], {}, "target-unusable"),
        ([1, 1, 1], {}, "target-unusable"),
        (["a", "a"], {}, "target-unusable"),
        ([f"w{number}" for number in range(200)], {}, "target-unusable"),
        ([*map(str, range(50)), "oops"], {}, "target-unusable"),
        (["a", "b"], {"task": "regression"}, "target-unusable"),
        (["no", "yes"] * 5, {"positive": "yep"}, "label-unknown"),
        (["no", "yes"] * 5, {"costs": {"yess": 2}}, "label-unknown"),
        (["no", "yes"] * 5, {"costs": {"yes": -1}}, "cost-out-of-range"),
        (["no", "yes"] * 5, {"costs": {"yes": float("nan")}}, "cost-out-of-range"),
        (range(50), {"positive": 1}, "label-unknown"),
    ],
    ids=[f"case{number}" for number in range(11)],
)
def test_a_target_that_cannot_be_learned_is_refused(values, keys, code):
    with pytest.raises(MlopsError) as caught:
        settled(list(values), **keys)
    assert caught.value.problems[0].code == code
