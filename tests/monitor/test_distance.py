"""Distances of two samples: 0 for the same, 1 for nothing in common, and what chance does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops.monitor.distance import of_categories, of_numbers

DRAW = np.random.default_rng(0)


def words(values):
    return pd.Series([None if each is None else str(each) for each in values], dtype="str")


def test_the_same_sample_has_no_distance_and_disjoint_ones_have_one():
    numbers = DRAW.normal(size=50)
    assert of_numbers(numbers, numbers).value == 0
    assert of_numbers(numbers, numbers + 100).value == 1
    assert of_categories(words("aab"), words("aba")).value == 0
    assert of_categories(words("aab"), words("cc")).value == 1


def test_numbers_are_measured_as_scipy_does():
    from scipy.stats import ks_2samp

    a, b = DRAW.normal(size=80), DRAW.normal(0.4, 1.2, 120)
    assert of_numbers(a, b).value == pytest.approx(ks_2samp(a, b).statistic)


def test_a_gap_is_a_category_and_no_number():
    assert of_categories(words(["a", None]), words(["a", "a"])).value == 0.5
    assert of_numbers(np.array([1.0, np.nan]), np.array([1.0])).value == 0


def test_nothing_against_something_is_the_farthest():
    assert of_numbers(np.array([]), np.array([1.0])).value == 1
    assert of_numbers(np.array([]), np.array([])).value == 0
    assert of_categories(words([]), words("a")).value == 1


@pytest.mark.parametrize("n_categories", [2, 30])
def test_chance_alone_goes_beyond_its_bound_about_once_in_twenty(n_categories):
    def draw(size):
        return DRAW.integers(0, n_categories, size)

    pairs = [(draw(150), draw(200)) for _ in range(150)]
    beyond = [of_categories(words(a), words(b)).is_beyond_chance for a, b in pairs]
    assert 0.01 <= np.mean(beyond) <= 0.11


def test_chance_alone_goes_beyond_the_bound_of_numbers_about_once_in_twenty():
    pairs = [(DRAW.normal(size=150), DRAW.normal(size=200)) for _ in range(200)]
    beyond = [of_numbers(a, b).is_beyond_chance for a, b in pairs]
    assert 0.01 <= np.mean(beyond) <= 0.08
