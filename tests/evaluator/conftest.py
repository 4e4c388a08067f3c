"""Evaluators as their option files make them, and small data sets to judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.report import Predictions
from mlops.evaluator.classification import Classification
from mlops.evaluator.regression import Regression

KINDS = {"regression": Regression, "classification": Classification}


@pytest.fixture
def evaluator(root: Path) -> Callable[..., Any]:
    """``evaluator("regression", primary="mae")``: the option file's keys, some of them changed."""

    def make(option: str, **changed: Any) -> Any:
        keys = yaml.safe_load((root / "conf/evaluator" / f"{option}.yaml").read_text())
        mode = {"resamples": 200, "binding": True}
        own = {key: value for key, value in keys.items() if not key.startswith("_")}
        return KINDS[option](**{**own, **mode, **changed})

    return make


def dataset(
    frame: pd.DataFrame, task: Task, *, sensitive: tuple[str, ...] = (), drop: tuple[str, ...] = ()
) -> Dataset:
    """A data set whose roles follow the types of its columns."""

    def role(name: str) -> str:
        if name == task.target:
            return "target"
        if name in drop:
            return "id"
        return "numeric" if pd.api.types.is_numeric_dtype(frame[name].dtype) else "categorical"

    columns = tuple(Column(name, role(name), name in sensitive) for name in frame.columns)
    return Dataset(frame, columns, task, "fingerprint", "a test")


@pytest.fixture
def houses() -> Dataset:
    """300 rows: price depends on size and on a little noise; district is a sensitive text."""
    random = np.random.default_rng(0)
    size = random.uniform(40, 200, 300)
    frame = pd.DataFrame(
        {
            "size": size,
            "district": random.choice(["north", "south", "<b>east</b>"], 300),
            "rooms": random.integers(1, 7, 300),
            "price": 3 * size + random.normal(0, 30, 300),
        }
    )
    return dataset(frame, Task("regression", "price"), sensitive=("district",))


@pytest.fixture
def loans() -> Dataset:
    """300 rows: bad or good, told in part by income."""
    random = np.random.default_rng(1)
    income = random.normal(0, 1, 300)
    bad = random.uniform(size=300) < 1 / (1 + np.exp(2 * income))
    frame = pd.DataFrame(
        {
            "income": income,
            "age": random.integers(18, 80, 300),
            "sex": random.choice(["f", "m"], 300),
            "outcome": np.where(bad, "bad", "good"),
        }
    )
    task = Task("classification", "outcome", ("bad", "good"), "bad", {"bad": 5.0, "good": 1.0})
    return dataset(frame, task, sensitive=("sex",))


def answers(data: Dataset, *, seed: int = 0) -> Predictions:
    """What a fair model would say of either data set."""
    random = np.random.default_rng(seed)
    if data.task.name == "regression":
        return Predictions(3 * data.frame["size"].to_numpy() + random.normal(0, 5, len(data.frame)))
    bad = 1 / (1 + np.exp(2 * data.frame["income"].to_numpy()))
    return Predictions(np.where(bad > 0.5, "bad", "good"), np.column_stack([bad, 1 - bad]))


def trivial(data: Dataset) -> Predictions:
    """The mean, or the class shares."""
    count = len(data.frame)
    if data.task.name == "regression":
        return Predictions(np.full(count, data.y.mean()))
    shares = [(data.y == label).mean() for label in data.task.classes]
    values = np.full(count, data.task.classes[int(np.argmax(shares))], dtype=object)
    return Predictions(values, np.tile(shares, (count, 1)))


@pytest.fixture
def judge() -> Callable[..., Any]:
    """``judge(evaluator, data)``: the report of a fair model, same rows as train and test."""

    def make(evaluator: Any, data: Dataset, predictions: Any = None, **given: Any) -> Any:
        parts = {
            "train": data,
            "test": data,
            "predictions": predictions or answers(data),
            "baseline": trivial(data),
            "folds": (),
            "seed": 0,
        }
        return evaluator.judge(task=data.task, **{**parts, **given})

    return make


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """The function ``dataset`` above."""
    return dataset


@pytest.fixture
def make_answers() -> Callable[..., Predictions]:
    """The function ``answers`` above."""
    return answers
