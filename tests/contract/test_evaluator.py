"""Every evaluator scores the same twice, ranks by a metric it has, and fits nothing."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from mlops.core.report import Predictions


def guess(data, seed: int) -> Predictions:
    """An answer that is partly right, for whichever task."""
    random = np.random.default_rng(seed)
    shuffled = data.y.to_numpy()[random.permutation(len(data.y))]
    values = np.where(random.random(len(data.y)) < 0.7, data.y.to_numpy(), shuffled)
    if not data.task.classes:
        return Predictions(values.astype(float))
    shares = np.stack([np.where(values == each, 0.8, 0.2) for each in data.task.classes], axis=1)
    return Predictions(values, shares / shares.sum(axis=1, keepdims=True))


def test_it_scores_and_ranks_by_a_metric_that_it_names(made, tasks_of, sample_of, evaluator_option):
    for name in tasks_of("evaluator", evaluator_option):
        data = sample_of(name)
        evaluator = made("evaluator", evaluator_option).for_task(data.task)
        first = evaluator.scores(data.y, guess(data, 1), data.task)
        assert first == evaluator.scores(data.y, guess(data, 1), data.task)
        assert set(first) <= set(evaluator.names())
        assert evaluator.primary in first
        assert all(math.isfinite(value) for value in first.values())
        assert all(isinstance(evaluator.greater_is_better(each), bool) for each in first)


def test_its_verdict_repeats_and_its_input_is_not_changed(
    made, tasks_of, sample_of, split, evaluator_option
):
    for name in tasks_of("evaluator", evaluator_option):
        data = sample_of(name)
        train, test = data.rows(split.train), data.rows(split.test)
        before = test.frame.copy()
        reports = [
            made("evaluator", evaluator_option)
            .for_task(data.task)
            .judge(
                task=data.task,
                train=train,
                test=test,
                predictions=guess(test, 1),
                baseline=guess(test, 2),
                folds=(),
                seed=4,
            )
            for _ in range(2)
        ]
        assert reports[0].metrics == reports[1].metrics
        assert reports[0].gates == reports[1].gates
        pd.testing.assert_frame_equal(test.frame, before)
