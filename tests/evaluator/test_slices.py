"""Slices are the same metrics over fewer rows, and hide sensitive values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops.core.dataset import Task
from mlops.core.report import Predictions


def _slices(evaluator: Any, judge: Any, data: Any, **keys: Any) -> Any:
    option = data.task.name
    return judge(evaluator(option, **keys), data)


def test_a_slice_has_the_scores_of_its_rows_alone(
    evaluator: Any, judge: Any, loans: Any, make_answers: Any
) -> None:
    report = _slices(evaluator, judge, loans, slices=["sex"])
    rule = evaluator("classification")
    given = make_answers(loans)
    for label, row in zip(loans.frame["sex"].value_counts().index, report.slices, strict=True):
        at = np.flatnonzero(loans.frame["sex"] == label)
        part = Predictions(given.values[at], given.probabilities[at])
        alone = rule.scores(loans.y.iloc[at], part, loans.task)
        assert {name: row[name] for name in alone} == pytest.approx(alone)
        assert row["rows"] == len(at)


def test_numbers_are_cut_into_bands_of_equally_many_rows(
    evaluator: Any, judge: Any, houses: Any
) -> None:
    rows = _slices(evaluator, judge, houses, slices=["size", "rooms"], slice_bands=3).slices
    assert [row["rows"] for row in rows if row["column"] == "size"] == [100, 100, 100]
    assert {row["value"] for row in rows if row["column"] == "rooms"} == set("123456")


def test_a_sensitive_value_is_never_a_label(evaluator: Any, judge: Any, houses: Any) -> None:
    report = _slices(evaluator, judge, houses, slices=["district"])
    assert [row["value"] for row in report.slices] == [f"group {n} of 3" for n in (1, 2, 3)]
    assert [row["rows"] for row in report.slices] == sorted(
        houses.frame["district"].value_counts()
    )[::-1]
    assert "north" not in json.dumps([report.slices, report.worst])


def test_small_missing_and_many_groups_are_told(
    evaluator: Any, judge: Any, make_dataset: Any
) -> None:
    frame = pd.DataFrame(
        {
            "code": [f"c{at % 25}" for at in range(99)] + [None],
            "size": [*np.arange(99.0), np.nan],
            "price": np.arange(100.0),
        }
    )
    data = make_dataset(frame, Task("regression", "price"))
    rows = _slices(evaluator, judge, data, slices=["code", "size"]).slices
    assert all(row["small"] for row in rows)
    assert [row["value"] for row in rows if row["column"] == "code"][-1] == "6 others"
    assert [row["value"] for row in rows if row["column"] == "size"][-1] == "missing"
    assert sum(row["rows"] for row in rows) == 200


def test_a_column_that_is_not_there_is_a_warning(evaluator: Any, judge: Any, houses: Any) -> None:
    report = _slices(evaluator, judge, houses, slices=["colour"])
    assert "no slices by colour: the data has no such column" in report.warnings
