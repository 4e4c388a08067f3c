"""Products, means of the target, and which of all that stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from mlops.core.artefact import load, save
from mlops.features.rich import Rich

COUNT = 400


@pytest.fixture
def rows():
    """The price is the product of two numbers, and differs by the town, of which there are many."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "width": random.normal(size=COUNT),
            "depth": random.normal(size=COUNT),
            "noise": random.normal(size=COUNT),
            "town": [f"town {n}" for n in random.integers(0, 30, COUNT)],
            "kind": random.choice(["old", "new", None], COUNT),
        }
    )
    dear = frame["town"].str[5:].astype(int) > 20
    return frame, frame["width"] * frame["depth"] + 2.0 * dear


def test_what_goes_with_the_target_stays(rows):
    X, y = rows
    features = Rich(numeric=StandardScaler(), keep=2).fit_transform(X, y)
    assert list(features) == ["width depth", "town by target"]
    assert np.corrcoef(features["town by target"], y)[0, 1] > 0.3


def test_no_row_knows_its_own_target_while_fitting():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"town": [f"town {n // 2}" for n in range(COUNT)]})
    y = random.normal(size=COUNT)
    step = Rich(keep=None, random_state=0)
    honest = step.fit_transform(X, y)["town by target"]
    knowing = step.transform(X)["town by target"]
    assert np.corrcoef(knowing, y)[0, 1] > 0.5
    assert np.corrcoef(honest, y)[0, 1] < 0.1


def test_classes_have_a_column_each_where_there_are_more_than_two(rows):
    X, y = rows
    words = np.where(y > 1, "dear", np.where(y < 0, "cheap", "fair"))
    features = Rich(keep=None, degree=1).fit_transform(X, words)
    assert [name for name in features if name.startswith("town")] == [
        f"town_{each} by target" for each in ("cheap", "dear", "fair")
    ]
    assert {"kind_new", "kind_old", "kind_missing"} <= set(features)


def test_an_unseen_town_has_the_mean_of_all(rows):
    X, y = rows
    step = Rich(keep=None).fit(X, y)
    new = step.transform(X[:1].assign(town="a town never seen", kind="other"))
    assert new["town by target"].item() == pytest.approx(y.mean())
    assert list(new) == list(step.get_feature_names_out())


def test_it_is_saved_without_pickle(rows, tmp_path):
    X, y = rows
    for target in (y, np.where(y > 1, "dear", "cheap")):
        step = Rich(numeric=StandardScaler(), random_state=0).fit(X, target)
        save(step, tmp_path / "step.skops")
        loaded = load(tmp_path / "step.skops")
        pd.testing.assert_frame_equal(loaded.transform(X), step.transform(X))
