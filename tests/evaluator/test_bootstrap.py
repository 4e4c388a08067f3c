"""Intervals cover what they should, repeat under a seed, and stay small in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlops.core.dataset import Task
from mlops.core.report import Predictions
from mlops.evaluator import measure
from mlops.evaluator.bootstrap import intervals, paired

TASK = Task("regression", "y")


def _of(evaluator: Any, errors: np.ndarray, **given: Any) -> Any:
    judge = evaluator("regression")
    rows = judge.rows(np.zeros(len(errors)), Predictions(errors), TASK)
    return intervals(judge.measures, rows, len(errors), **{"resamples": 1000, "seed": 0, **given})


def test_the_interval_of_a_mean_is_that_of_the_normal_theory(evaluator: Any) -> None:
    errors = np.random.default_rng(0).exponential(1, 400)
    low, high = _of(evaluator, errors)[2]
    half = 1.96 * errors.std() / np.sqrt(400)
    np.testing.assert_allclose([low, high], [errors.mean() - half, errors.mean() + half], atol=0.02)


def test_a_seed_gives_the_same_interval_and_another_seed_another(evaluator: Any) -> None:
    errors = np.random.default_rng(0).normal(size=50)
    assert _of(evaluator, errors) == _of(evaluator, errors)
    assert _of(evaluator, errors) != _of(evaluator, errors, seed=1)


def test_pieces_of_any_size_give_the_same_interval(evaluator: Any, monkeypatch: Any) -> None:
    errors = np.random.default_rng(0).normal(size=50)
    whole = _of(evaluator, errors)
    monkeypatch.setattr("mlops.evaluator.bootstrap.CELLS_AT_ONCE", 120)
    np.testing.assert_allclose(_of(evaluator, errors)[:3], whole[:3], rtol=1e-12)


def test_an_undefined_metric_has_no_interval(evaluator: Any) -> None:
    mse, _, _, r2 = _of(evaluator, np.random.default_rng(0).normal(size=50))
    assert mse is not None
    assert r2 is None  # the actual values are all 0


def test_no_resamples_or_one_row_give_none(evaluator: Any) -> None:
    assert _of(evaluator, np.ones(9), resamples=0) == [None] * 4
    assert _of(evaluator, np.ones(1)) == [None] * 4


def test_many_rows_take_fewer_resamples_in_small_pieces(evaluator: Any) -> None:
    pieces = []

    def count(rows: Any, weights: np.ndarray) -> np.ndarray:
        pieces.append(weights.shape)
        return weights.sum(axis=1)

    counter = measure.Measure("rows", True, count)
    intervals([counter], None, 400_000, resamples=1000, seed=0)
    assert sum(sets for sets, _ in pieces) == 50
    assert max(sets * rows for sets, rows in pieces) <= measure.CELLS_AT_ONCE


def _pair(evaluator: Any, errors_a: np.ndarray, errors_b: np.ndarray, **given: Any) -> Any:
    judge = evaluator("regression")
    y = np.linspace(0, 9, len(errors_a))
    rows = [judge.rows(y, Predictions(y + errors), TASK) for errors in (errors_a, errors_b)]
    return paired(judge.measures, *rows, len(y), **{"resamples": 1000, "seed": 0, **given})


def test_a_small_difference_on_the_same_rows_is_told_where_two_intervals_would_overlap(evaluator):
    errors = np.random.default_rng(0).exponential(1, 200)
    mae = _pair(evaluator, errors, 0.97 * errors)[2]
    alone = _of(evaluator, errors)[2]
    assert alone[0] < mae.b < alone[1]
    assert mae.better == "b"
    assert mae.low < mae.change < mae.high < 0
    np.testing.assert_allclose(mae.change, -0.03 * errors.mean())


def test_b_is_better_by_more_where_greater_is_better(evaluator: Any) -> None:
    errors = np.random.default_rng(0).normal(size=100)
    better = {each.name: each.better for each in _pair(evaluator, errors, 0.5 * errors)}
    worse = {each.name: each.better for each in _pair(evaluator, errors, 2 * errors)}
    assert better == dict.fromkeys(("mse", "rmse", "mae", "r2"), "b")
    assert worse == dict.fromkeys(("mse", "rmse", "mae", "r2"), "a")


def test_what_is_the_same_or_has_no_interval_is_not_better(evaluator: Any) -> None:
    errors = np.random.default_rng(0).normal(size=30)
    assert {each.better for each in _pair(evaluator, errors, errors)} == {""}
    without = _pair(evaluator, errors, 0.5 * errors, resamples=0)
    assert {(each.low, each.better) for each in without} == {(None, "")}
    assert without[0].change < 0
