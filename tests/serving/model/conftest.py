"""Versions that real runs have registered, of data with gaps, dates and people in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops.registry.versions import Versions

QUICK = ("recipe=blank", "tracker=offline", "mode.folds=2", "mode.bootstrap=0")
SENSITIVE = "data.sensitive=[surname,member,years]"
DATA = ("data=csv", "data.path=people.csv", "data.target=income", SENSITIVE)

NAMES = ("Frei", "Keller", "Moser")


def people(rows: int = 240) -> pd.DataFrame:
    random = np.random.default_rng(5)
    years = random.integers(18, 80, rows).astype(float)
    city = random.choice(["Bern", "Chur", "Genf"], rows)
    frame = pd.DataFrame(
        {
            "years": years,
            "city": city,
            "surname": random.choice([f"{way}-{at}" for way in NAMES for at in range(20)], rows),
            "member": random.choice(["yes", "no"], rows),
            "since": (pd.Timestamp("2010-01-01") + pd.to_timedelta(range(rows), unit="D")).date,
            "income": 1000 + 40 * years + 300 * (city == "Genf") + random.normal(0, 50, rows),
        }
    )
    frame.loc[[3, 30, 90], "years"] = np.nan
    frame.loc[[7, 70], "city"] = None
    return frame


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory, command_line: Any) -> Versions:
    """Version 1 predicts by a line, version 2 by a forest, version 3 by near neighbours."""
    folder = tmp_path_factory.mktemp("people")
    people().to_csv(folder / "people.csv", index=False)
    project = folder / "conf" / "model"
    project.mkdir(parents=True)
    (project / "near.yaml").write_text(
        "# What the nearest rows say.\n_target_: sklearn.neighbors.KNeighborsRegressor\n"
        "n_neighbors: 5\n_tasks_: [regression]\n"
    )
    (folder / "mlops.yaml").write_text("allowed_targets: [sklearn.neighbors.KNeighborsRegressor]\n")
    mlops = command_line(folder)
    for model in ("model=linear", "model=random_forest", "model=near"):
        mlops(*QUICK, *DATA, "name=people", model).ok()
    return Versions(folder / "outputs", "people")


@pytest.fixture(scope="session")
def place(versions: Versions) -> Path:
    """The outputs folder."""
    return versions.outputs
