"""Intervals cover what they should, repeat under a seed, and stay small in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlops.core.dataset import Task
from mlops.core.report import Predictions
from mlops.evaluator import measure
from mlops.evaluator.bootstrap import intervals

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
