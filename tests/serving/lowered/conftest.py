"""Small pipelines over every option of cleaner, features and model, fitted as a run fits them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from mlops.config.build import build
from mlops.config.catalogue import Catalogue
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.contract.columns import Columns
from mlops.core.dataset import Task
from mlops.core.errors import MlopsError
from mlops.serving.lowered.lower import lower
from mlops.serving.nouns import Input, Row, Schema
from mlops.serving.probes import probes
from mlops.serving.schema import rows_of
from mlops.serving.vectorised import Vectorised

ROOT = Path(__file__).resolve().parents[3]
TASKS = ("regression", "two classes", "three classes")
KINDS = {"district": "words", "zip": "words", "garden": "words", "note": "words", "built": "date"}
SMALL = {
    "hist_gbm": ("model.max_iter=8",),
    "linear": ("model.classification.max_iter=20",),
    "random_forest": ("model.n_estimators=8",),
    "ridge": ("model.classification.max_iter=20",),
    "sgd": ("model.epochs=20",),
}
CATALOGUE = Catalogue(ROOT / "outputs")


def options(room: str) -> list[str]:
    """Options of `room` that name a target, whether we know them or not."""
    files = sorted((ROOT / "conf" / room).glob("*.yaml"))
    return [path.stem for path in files if "_target_" in yaml.safe_load(path.read_text())]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for room in ("cleaner", "features", "model"):
        if f"{room}_option" in metafunc.fixturenames:
            metafunc.parametrize(f"{room}_option", options(room))
    if "task" in metafunc.fixturenames:
        metafunc.parametrize("task", TASKS)


def houses(rows: int = 120) -> pd.DataFrame:
    """Numbers, words with rare ones, codes, booleans, dates and text; gaps and an outlier."""
    random = np.random.default_rng(3)
    area, rooms = random.gamma(9, 11, rows), random.integers(1, 7, rows).astype(float)
    district = random.choice(["harbour", "north", "river", "hill"], rows, p=[0.5, 0.3, 0.15, 0.05])
    frame = pd.DataFrame(
        {
            "area": area,
            "rooms": rooms,
            "age": random.integers(0, 90, rows).astype(float),
            "district": pd.Series(district, dtype="str"),
            "zip": pd.Series(random.choice(["0123", "8000", "9000"], rows), dtype="str"),
            "garden": random.choice([True, False], rows),
            "note": [f"house {at}" if at % 3 else f"{at}" for at in range(rows)],
            "built": pd.Timestamp("2001-01-01") + pd.to_timedelta(range(rows), unit="D"),
        }
    )
    north = 20 * (district == "north")
    frame["price"] = 50 + 2.5 * area + 10 * rooms + north + random.normal(0, 15, rows)
    frame.loc[[4, 40, 77], "age"] = np.nan
    frame.loc[[9, 50], "district"] = None
    frame.loc[20, "area"] = 4000.0
    return frame


def target_of(price: pd.Series, task: str) -> tuple[pd.Series, Task]:
    if task == "regression":
        return price, Task("regression", "price")
    if task == "two classes":
        y = pd.Series(np.where(price > price.median(), "dear", "cheap"))
        return y, Task("classification", "price", ("cheap", "dear"), positive="dear")
    y = pd.Series(np.digitize(price, price.quantile([0.3, 0.7])) * 10)
    return y, Task("classification", "price", (0, 10, 20))


@functools.cache
def job_of(room: str, *words: str) -> Job:
    return Job.of(compose(["recipe=blank", "mode=smoke", *words], CATALOGUE), [room])


def part(room: str, option: str, words: tuple[str, ...]) -> Any:
    own = [word for word in words if word.startswith(f"{room}.")]
    job = job_of(room, f"{room}={option}", *own)
    return build(room, job.values[room], job.composed.catalogue)


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline, and what belongs to it."""

    pipeline: Pipeline
    schema: Schema
    known: tuple[Row, ...]

    @property
    def program(self) -> Any:
        """The lowered one."""
        program, why = lower(self.pipeline, self.schema)
        assert program is not None, why
        return program

    @property
    def probes(self) -> list[Row]:
        """Rows to compare answers on."""
        program = self.program
        return probes(self.schema, program.front, program.model, self.known)

    @property
    def scikit_learn(self) -> Vectorised:
        """The pipeline as a program."""
        return Vectorised(self.pipeline, self.schema)

    def row(self, **changed: Any) -> Row:
        """A row of the data with other values in some columns."""
        pairs = zip(self.schema.inputs, self.known[0], strict=True)
        return tuple(changed.get(each.name, value) for each, value in pairs)


@dataclass(frozen=True)
class Before:
    """Fitted steps before a model, and what comes out of them."""

    steps: list[tuple[str, Any]]
    given: pd.DataFrame
    X: pd.DataFrame
    y: pd.Series
    task: Task

    def then(self, model: Callable[[Task], Any]) -> Fitted:
        """A model fitted behind them."""
        fitted = model(self.task).fit(self.X, self.y)
        inputs = tuple(_input(name, self.steps[-1][1]) for name in self.given)
        schema = Schema(inputs, self.task.name, self.task.target, self.task.classes)
        known = tuple(rows_of(self.given.head(12), inputs))
        return Fitted(Pipeline([*self.steps, ("model", fitted)]), schema, known)


def fit_before(steps: list[tuple[str, Any]], task: str) -> Before:
    given = X = houses()
    y, stated = target_of(X.pop("price"), task)
    for _, step in steps:
        if hasattr(step, "fit_resample"):
            X, y = step.fit_resample(X, y)
        else:
            X = step.fit(X, y).transform(X)
    return Before(steps, given, X, y, stated)


def _input(name: str, features: Any) -> Input:
    kinds = dict(zip(features.feature_names_in_, getattr(features, "kinds_", ()), strict=False))
    of_words = [each for each, kind in kinds.items() if kind == "category"]
    seen = features.encoder_.categories_[of_words.index(name)] if name in of_words else None
    kind = KINDS.get(name, "number")
    return Input(name, kind, categories=None if seen is None else tuple(map(str, seen)))


@functools.cache
def before(cleaner: str, features: str, task: str, *words: str) -> Before:
    steps = [
        ("columns", Columns()),
        ("cleaner", part("cleaner", cleaner, words)),
        ("features", part("features", features, words)),
    ]
    return fit_before(steps, task)


@functools.cache
def fit(cleaner: str, features: str, model: str, task: str, *words: str) -> Fitted | None:
    """The pipeline of three options; None where they cannot learn: from gaps, or unscaled."""
    of_front = [word for word in words if not word.startswith("model.")]
    chosen = part("model", model, (*SMALL.get(model, ()), *words))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            front = before(cleaner, features, task, *of_front)
            return front.then(lambda stated: chosen.estimator(stated, seed=0))
    except (ValueError, MlopsError) as error:
        assert "NaN" in str(error) or "diverged" in str(error), error
        return None


@pytest.fixture(scope="session", autouse=True)
def _alone() -> Iterator[None]:
    """Fits of a hundred rows on one thread each: more only wait for one another."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def fitted() -> Callable[..., Fitted | None]:
    """``fitted("standard", "minmax", "ridge", "two classes", "model.alpha=2")``."""
    return fit


@pytest.fixture(scope="session")
def fitted_behind() -> Callable[..., Fitted]:
    """Fit steps of one's own and a model: ``fitted_behind(steps, "regression", Lasso())``."""
    return lambda steps, task, model: fit_before(steps, task).then(lambda stated: model)


@pytest.fixture(scope="session")
def all_options() -> Callable[[str], list[str]]:
    """The options of a room."""
    return options
