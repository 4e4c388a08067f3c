"""What precedes the model is fitted once a fold, for all trials and processes, searched or not."""

from __future__ import annotations

from collections import Counter

import pytest

COUNTED = '''"""Features that count how often they are fitted."""

from pathlib import Path

from sklearn.base import BaseEstimator, TransformerMixin


class Counted(TransformerMixin, BaseEstimator):
    def __init__(self, *, scale: float = 1.0) -> None:
        self.scale = scale

    def fit(self, X, y=None):
        with Path("fronts.txt").open("a") as file:
            file.write(f"{self.scale} {len(X)} {X.iloc[:, 0].sum():.6f}\\n")
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X * self.scale
'''
OPTION = """# Features that count how often they are fitted.
_target_: counting.counted.Counted
scale: 1.0
"""
WORDS = ("features=counted", "tuner=random", "tuner.trials=12", "compute.workers=2")


@pytest.fixture
def counted(place):
    """The place, with those features."""
    (place.folder / "counting").mkdir()
    (place.folder / "counting/__init__.py").write_text("")
    (place.folder / "counting/counted.py").write_text(COUNTED)
    (place.folder / "mlops.yaml").write_text("allowed_targets: ['trouble.*', 'counting.*']\n")
    (place.folder / "conf/features").mkdir()
    (place.folder / "conf/features/counted.yaml").write_text(OPTION)
    return place


def fits(place) -> Counter[str]:
    return Counter((place.folder / "fronts.txt").read_text().splitlines())


def test_a_front_that_is_not_searched_is_fitted_once_a_fold(counted):
    counted(*WORDS)
    assert sorted(fits(counted).values()) == [1] * (5 + 1)  # and for the whole training part
    counted(*WORDS)
    assert sorted(fits(counted).values()) == [1] * (5 + 1)


def test_a_front_that_is_searched_is_fitted_once_a_fold_for_each_of_its_values(counted):
    words = [*WORDS, "tuner.space.features.scale=choice(1.0, 2.0, 4.0)"]
    counted(*words)
    found = fits(counted)
    assert len(found) <= 3 * 5 + 1
    assert max(found.values()) <= 2  # two workers may come to it at one moment
    before = found.total()
    counted(*words)
    assert fits(counted).total() == before


def test_the_fronts_of_options_that_are_searched_are_shared_too(counted):
    options = "tuner.options.features=choice(counted, passthrough)"
    counted(*WORDS, options)
    assert max(fits(counted).values()) <= 2
