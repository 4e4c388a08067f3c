"""Every option of every room, found in conf/, made as a user's command line makes it.

A test that asks for `room_option` runs once for each option of all groups; one that asks for
`cleaner_option`, `model_option` … once for each option of that room. Nothing is registered: a new
option is tested because its file exists.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from mlops.config.catalogue import Catalogue
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core.dataset import Column, Dataset, Split, Task
from mlops.core.snapshot import write_snapshot

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("data", "contract", "splitter", "cleaner", "features", "model", "tuner", "evaluator")
N_ROWS = 120


def options(group: str) -> list[str]:
    """Options of `group` whose file names a target."""
    files = sorted((ROOT / "conf" / group).glob("*.yaml"))
    return [path.stem for path in files if "_target_" in yaml.safe_load(path.read_text())]


def groups() -> list[str]:
    return sorted(path.name for path in (ROOT / "conf").iterdir() if path.is_dir())


def absent(group: str, option: str) -> list[Any]:
    """The mark of a component without which the option cannot be made, where it is absent."""
    told = yaml.safe_load((ROOT / "conf" / group / f"{option}.yaml").read_text()).get("_extra_")
    extras = told if isinstance(told, dict) else {told: told} if told else {}
    missing = [extra for extra, package in extras.items() if find_spec(package) is None]
    return [getattr(pytest.mark, extra) for extra in missing]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for room in ROOMS:
        if f"{room}_option" in metafunc.fixturenames:
            metafunc.parametrize(f"{room}_option", options(room))
    if "room_option" in metafunc.fixturenames:
        found = [(group, option) for group in groups() for option in options(group)]
        cases = [pytest.param(each, marks=absent(*each), id="=".join(each)) for each in found]
        metafunc.parametrize("room_option", cases)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small file of each kind that an option may ask a path of."""
    folder = tmp_path_factory.mktemp("project")
    frame = mixed_frame()
    frame.to_csv(folder / "sample.csv", index=False)
    frame.to_parquet(folder / "sample.parquet")
    (folder / "snapshot").write_text(write_snapshot(regression(), folder / "outputs"))
    return folder


@pytest.fixture(scope="session")
def job_of(project: Path) -> Callable[[str, str], Job]:
    """Compose and check one option, its required values filled with samples."""
    jobs: dict[tuple[str, str], Job] = {}
    catalogue = Catalogue(project)

    def make(group: str, option: str) -> Job:
        if (group, option) not in jobs:
            words = ["recipe=blank", "mode=smoke", f"{group}={option}"]
            words += samples(group, option, project)
            jobs[group, option] = Job.of(compose(words, catalogue), [group])
        return jobs[group, option]

    return make


def samples(group: str, option: str, project: Path) -> list[str]:
    """Overrides for the keys that an option requires."""
    raw = yaml.safe_load((ROOT / "conf" / group / f"{option}.yaml").read_text())
    path = next(iter(sorted(project.glob(f"*.{option}"))), project / "sample.csv")
    known = {"path": str(path), "target": "price", "version": (project / "snapshot").read_text()}
    required = [key for key, value in raw.items() if value == "???"]
    return [f"{group}.{key}='{known.get(key, 'sample')}'" for key in required]


@pytest.fixture(scope="session")
def made(job_of: Callable[[str, str], Job]) -> Callable[..., Any]:
    """Make the part of an option: each time anew."""
    from mlops.config.build import build

    def make(group: str, option: str) -> Any:
        job = job_of(group, option)
        part = build(group, job.values[group], job.composed.catalogue)
        if hasattr(part, "belongs_to"):
            part.belongs_to(job.outputs, lambda called, where: {})
        return part

    return make


@pytest.fixture(scope="session")
def tasks_of(job_of: Callable[[str, str], Job]) -> Callable[[str, str], list[str]]:
    """The tasks that an option serves, of those that there is a sample of."""

    def tell(group: str, option: str) -> list[str]:
        served = job_of(group, option).about(group).get("_tasks_")
        return [task for task in TASKS if served is None or task in served]

    return tell


def mixed_frame() -> pd.DataFrame:
    """Numbers, words, gaps, an outlier and equal rows; the target is a number."""
    random = np.random.default_rng(3)
    area, rooms = random.gamma(9, 11, N_ROWS), random.integers(1, 7, N_ROWS)
    frame = pd.DataFrame(
        {
            "area": area,
            "rooms": rooms,
            "age": random.integers(0, 90, N_ROWS).astype(float),
            "district": random.choice(["harbour", "north", "river"], N_ROWS),
            "price": 50 + 2.5 * area + 10 * rooms + random.normal(0, 15, N_ROWS),
        }
    )
    frame.loc[[4, 40, 77], "age"] = np.nan
    frame.loc[[9, 50], "district"] = None
    frame.loc[20, "area"] = 4000.0
    frame.loc[[100, 101]] = frame.loc[[30, 31]].to_numpy()
    return frame


def regression() -> Dataset:
    return dataset(mixed_frame(), Task(name="regression", target="price"))


def classification() -> Dataset:
    frame = mixed_frame()
    frame["price"] = np.where(frame["price"] > frame["price"].median(), "dear", "cheap")
    return dataset(frame, Task("classification", "price", ("cheap", "dear"), positive="dear"))


def dataset(frame: pd.DataFrame, task: Task) -> Dataset:
    kinds = {"district": "categorical", "price": "target"}
    columns = tuple(Column(str(name), kinds.get(str(name), "numeric")) for name in frame.columns)
    return Dataset(frame, columns, task, fingerprint=f"sample-{task.name}", source="sample")


TASKS = {"regression": regression, "classification": classification}


@pytest.fixture(params=list(TASKS))
def sample(request: pytest.FixtureRequest) -> Dataset:
    """A small data set of each task, new for every test."""
    return TASKS[request.param]()


@pytest.fixture(scope="session")
def sample_of() -> Callable[[str], Dataset]:
    """The small data set of a task, new each time."""
    return lambda task: TASKS[task]()


@pytest.fixture(scope="session")
def split() -> Split:
    """The first hundred rows to learn from, in two folds."""
    train = np.arange(100)
    return Split(
        train, np.arange(100, N_ROWS), ((train[50:], train[:50]), (train[:50], train[50:]))
    )


@pytest.fixture(scope="session")
def learn() -> Callable[..., tuple[pd.DataFrame, Any]]:
    """Fit a step as training does: rows may go where the step says so, and only then."""

    def fit(step: Any, X: pd.DataFrame, y: Any) -> tuple[pd.DataFrame, Any]:
        if hasattr(step, "fit_resample"):
            return step.fit_resample(X, y)
        return step.fit(X, y).transform(X), y

    return fit


@pytest.fixture(scope="session")
def all_options() -> Callable[[str], list[str]]:
    """The options of a group, for a test that makes all of them at once."""
    return options
