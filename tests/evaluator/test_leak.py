"""A copied target is found with evidence; honest columns are left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from mlops.core.dataset import Task
from mlops.evaluator.leak import suspects

RANDOM = np.random.default_rng(0)


def _numbers(make_dataset: Any, **columns: Any) -> Any:
    y = np.round(RANDOM.normal(20, 5, 400), 1)
    frame = pd.DataFrame({"honest": y + RANDOM.normal(0, 1, 400), "price": y})
    for name, make in columns.items():
        frame[name] = make(y)
    return suspects(make_dataset(frame, Task("regression", "price")), 0.9999)


def _classes(make_dataset: Any, **columns: Any) -> Any:
    y = RANDOM.choice(["no", "yes"], 400, p=[0.7, 0.3])
    frame = pd.DataFrame({"honest": RANDOM.normal(0, 1, 400) + (y == "yes"), "sick": y})
    for name, make in columns.items():
        frame[name] = make(y)
    return suspects(make_dataset(frame, Task("classification", "sick", ("no", "yes"))), 0.9999)


@pytest.mark.parametrize(
    "copy",
    [
        lambda y: y,
        lambda y: -3 * y + 7,
        lambda y: y + RANDOM.normal(0, 1e-6, len(y)),
        np.exp,
        lambda y: np.where(RANDOM.uniform(size=len(y)) < 0.2, np.nan, y),
        lambda y: pd.Series(y).astype(str),
        lambda y: pd.Series(y).map({value: f"code {value * 7 % 11}-{value}" for value in y}),
    ],
    ids=["the same", "linear", "tiny noise", "exp", "with gaps", "as text", "coded"],
)
def test_a_copy_of_a_number_is_found(make_dataset: Any, copy: Any) -> None:
    found = _numbers(make_dataset, leaked=copy)
    (evidence,) = found.found
    assert evidence.startswith("column 'leaked' ")
    assert not found.gate().passed
    assert "leak suspected" in found.gate().says


@pytest.mark.parametrize(
    "copy",
    [
        lambda y: y,
        lambda y: np.where(y == "yes", 3.5, -1.0),
        lambda y: y == "yes",
        lambda y: np.where(y == "yes", RANDOM.choice(["paid", "late"], len(y)), "open"),
        lambda y: np.where(RANDOM.uniform(size=len(y)) < 0.2, None, y),
    ],
    ids=["the same", "as number", "as flag", "finer codes", "with gaps"],
)
def test_a_copy_of_a_class_is_found(make_dataset: Any, copy: Any) -> None:
    (evidence,) = _classes(make_dataset, leaked=copy).found
    assert evidence.startswith("column 'leaked' ")


def test_an_id_a_constant_and_a_rare_flag_are_no_leak(make_dataset: Any) -> None:
    harmless = {
        "id": lambda y: np.arange(len(y)),
        "name": lambda y: [f"n{at}" for at in range(len(y))],
        "constant": lambda y: np.ones(len(y)),
        "noise": lambda y: RANDOM.integers(0, 2, len(y)),
        "empty": lambda y: np.full(len(y), np.nan),
    }
    assert _classes(make_dataset, **harmless).found == ()
    assert _numbers(make_dataset, **harmless).found == ()


def test_a_perfect_threshold_only_warns(make_dataset: Any) -> None:
    found = _classes(
        make_dataset, score=lambda y: (y == "yes") * 10.0 + RANDOM.normal(0, 1, len(y))
    )
    assert found.gate().passed
    assert "'score' alone separates" in found.notes[0]


def test_few_rows_prove_nothing(make_dataset: Any) -> None:
    frame = pd.DataFrame({"x": range(10), "y": range(10)})
    assert suspects(make_dataset(frame, Task("regression", "y")), 0.9999).found == ()


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes, load_iris, load_wine])
def test_known_data_sets_raise_no_alarm(make_dataset: Any, load: Any) -> None:
    frame = load(as_frame=True).frame
    classes = () if load is load_diabetes else tuple(sorted(frame["target"].unique()))
    task = Task("classification" if classes else "regression", "target", classes)
    found = suspects(make_dataset(frame, task), 0.9999)
    assert found.found == ()


def test_two_flowers_that_one_petal_tells_apart_only_warn(make_dataset: Any) -> None:
    frame = load_iris(as_frame=True).frame.query("target < 2").reset_index(drop=True)
    found = suspects(make_dataset(frame, Task("classification", "target", (0, 1))), 0.9999)
    assert found.found == ()
    assert found.notes
