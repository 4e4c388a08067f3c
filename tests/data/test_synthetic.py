"""Made-up data: of the wanted size, learnable, the same under one seed."""

from __future__ import annotations

import numpy as np
import pytest

from mlops.core.errors import MlopsError
from mlops.data.synthetic import Synthetic


def test_the_header_names_what_is_made():
    source = Synthetic(rows=50, features=2, categories=1, target="y")
    assert source.header() == ["x1", "x2", "c1", "y"] == list(source.read().frame.columns)


@pytest.mark.parametrize(
    ("keys", "classes"),
    [({}, ()), ({"task": "classification"}, (0, 1)),
     ({"task": "classification", "classes": 4}, (0, 1, 2, 3))],
    ids=["regression", "binary", "multi-class"],
)  # fmt: skip
def test_the_target_is_of_the_wanted_kind_and_can_be_learned(keys, classes):
    dataset = Synthetic(rows=800, noise=0.1, **keys).read()
    assert dataset.task.classes == classes
    x1, y = dataset.frame["x1"].to_numpy(), dataset.y.to_numpy()
    means = [x1[y == each].mean() for each in classes] or [np.corrcoef(x1, y)[0, 1], 0]
    assert np.ptp(means) > 0.3


def test_a_seed_makes_the_same_rows_and_another_makes_others():
    one, same, other = (Synthetic(rows=40, seed=seed) for seed in (1, 1, 2))
    assert one.read().fingerprint == same.read().fingerprint != other.read().fingerprint
    assert one.source_key() == same.source_key() != other.source_key()


def test_cells_are_blanked_but_never_the_target():
    dataset = Synthetic(rows=2000, missing_share=0.2).read()
    assert abs(dataset.X.isna().mean(axis=None) - 0.2) < 0.02
    assert dataset.y.notna().all()


def test_a_column_that_is_not_made_is_refused():
    with pytest.raises(MlopsError, match="column-unknown"):
        Synthetic(roles={"x99": "group"}).header()
