"""Every model, for every task it serves: clones, repeats under a seed, leaves its input alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone


@pytest.fixture(scope="module")
def numbers(made, sample_of):
    """Numeric features and the target of a task's sample, without gaps."""

    def give(task: str) -> tuple[pd.DataFrame, pd.Series]:
        data = sample_of(task)
        X = made("cleaner", "impute").fit(data.X).transform(data.X)
        return made("features", "standard").fit(X, data.y).transform(X), data.y

    return give


def estimator(part, task, seed):
    return part.estimator(task, seed=seed) if hasattr(part, "estimator") else clone(part)


def test_it_repeats_under_a_seed(made, tasks_of, sample_of, numbers, model_option):
    for name in tasks_of("model", model_option):
        X, y = numbers(name)
        task = sample_of(name).task
        first, second = (
            estimator(made("model", model_option), task, 11).fit(X, y) for _ in range(2)
        )
        np.testing.assert_array_equal(first.predict(X), second.predict(X))
        if hasattr(first, "predict_proba"):
            np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_it_answers_in_the_words_of_the_target(made, tasks_of, sample_of, numbers, model_option):
    for name in tasks_of("model", model_option):
        X, y = numbers(name)
        task = sample_of(name).task
        answers = estimator(made("model", model_option), task, 0).fit(X, y).predict(X)
        assert answers.shape == (len(X),)
        assert not task.classes or set(answers) <= set(task.classes)


def test_it_can_be_cloned(made, tasks_of, sample_of, model_option):
    for name in tasks_of("model", model_option):
        one = estimator(made("model", model_option), sample_of(name).task, 0)
        assert repr(clone(one).get_params()) == repr(one.get_params())


def test_its_input_is_not_changed(made, tasks_of, sample_of, numbers, model_option):
    for name in tasks_of("model", model_option):
        X, y = numbers(name)
        X_before, y_before = X.copy(), y.copy()
        estimator(made("model", model_option), sample_of(name).task, 0).fit(X, y).predict(X)
        pd.testing.assert_frame_equal(X, X_before)
        pd.testing.assert_series_equal(y, y_before)
