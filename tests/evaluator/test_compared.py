"""What two models' answers have in common: counted, and told without a sensitive value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.report import Predictions
from mlops.evaluator.compared import compared

FRAME = pd.DataFrame({"side": ["left", "right"] * 20, "size": np.arange(40.0), "y": 0.0})
COLUMNS = (Column("side", "categorical"), Column("size", "numeric"), Column("y", "target"))
NUMBERS = Dataset(FRAME, COLUMNS, Task("regression", "y"), "fingerprint", "a test")
LABELS = replace(
    NUMBERS,
    frame=FRAME.assign(y=["no", "no", "yes", "yes"] * 10),
    task=Task("classification", "y", classes=("no", "yes"), positive="yes"),
)


def test_numbers_that_move_are_told_with_the_group_they_move_for(evaluator):
    a = np.ones(40)
    b = np.where(FRAME["side"] == "left", 1.0, 0.25)  # nearer to 0 for the right ones
    judge = evaluator("regression")
    found = compared(judge, NUMBERS, Predictions(a), Predictions(b), resamples=200, seed=0)
    assert found.differences[0].better == "b"
    assert (found.facts["nearer"], found.facts["farther"]) == (20, 0)
    first = found.slices[0]
    assert (first["column"], first["value"], first["moved"]) == ("side", "right", 0.75)
    assert (first["a"], first["b"]) == (1.0, 0.25)
    assert found.rows[0]["side"] == "right"


def test_labels_that_flip_are_told_with_what_became_of_them(evaluator):
    a = Predictions(np.array(["no"] * 40))
    b = Predictions(np.array(["yes", "no", "yes", "no"] * 10))
    judge = evaluator("classification", primary="accuracy")
    found = compared(judge, LABELS, a, b, resamples=0, seed=0)
    flip = {"from": "no", "to": "yes", "rows": 20, "became right": 10, "became wrong": 10}
    assert found.facts["flips"] == [flip]
    assert found.facts["share"] == 0.5
    assert {row["value"]: row["changed"] for row in found.slices}["left"] == 1.0


def test_the_same_answers_are_said_to_be_the_same(evaluator):
    same = Predictions(np.ones(40))
    found = compared(evaluator("regression"), NUMBERS, same, same, resamples=200, seed=0)
    assert found.says == "all the same"
    assert found.rows == ()
    assert {each.better for each in found.differences} == {""}


@pytest.mark.parametrize("values", [["no"] * 40, ["yes", "no"] * 20])
def test_a_sensitive_target_is_counted_and_never_shown(evaluator, values):
    hidden = replace(LABELS, columns=(*COLUMNS[:2], Column("y", "target", sensitive=True)))
    judge = evaluator("classification", primary="accuracy")
    answers = [Predictions(np.array(each)) for each in (["yes"] * 40, values)]
    found = compared(judge, hidden, *answers, resamples=0, seed=0)
    told = f"{found.says} {found.facts} {found.slices} {found.rows} {found.plots}"
    assert found.facts["labels_changed"] > 0
    assert "yes" not in told
    assert "'no'" not in told
