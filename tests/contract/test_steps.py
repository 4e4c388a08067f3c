"""Every cleaner and every features option: names kept, rows kept when predicting, input kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone


def parts(X: pd.DataFrame, y: pd.Series, split):
    return X.iloc[split.train], y.iloc[split.train], X.iloc[split.test].reset_index(drop=True)


def check_repeats(make, learn, sample, split):
    X, y, unseen = parts(sample.X, sample.y, split)
    answers = []
    for _ in range(2):
        step = make()
        learned, _ = learn(step, X, y)
        answers.append((learned, step.transform(unseen)))
    for one, other in zip(*answers, strict=True):
        assert isinstance(one, pd.DataFrame)
        pd.testing.assert_frame_equal(one, other)


def check_input_untouched(step, learn, sample, split):
    X, y, unseen = parts(sample.X, sample.y, split)
    X_before, y_before, unseen_before = X.copy(), y.copy(), unseen.copy()
    learn(step, X, y)
    step.transform(unseen)
    pd.testing.assert_frame_equal(X, X_before)
    pd.testing.assert_series_equal(y, y_before)
    pd.testing.assert_frame_equal(unseen, unseen_before)


def check_one_row_in_one_row_out(step, learn, sample, split):
    X, y, unseen = parts(sample.X, sample.y, split)
    learn(step, X, y)
    assert len(step.transform(unseen)) == len(unseen)
    single = step.transform(unseen.iloc[[0]].reset_index(drop=True))
    pd.testing.assert_frame_equal(single, step.transform(unseen).iloc[[0]])


def check_learned_attributes_are_plain(step, learn, sample, split):
    X, y, _ = parts(sample.X, sample.y, split)
    learn(step, X, y)
    learned = {name: value for name, value in vars(step).items() if name.endswith("_")}
    assert not [
        name for name, value in learned.items() if isinstance(value, (pd.DataFrame, pd.Series))
    ]


CHECKS = [check_input_untouched, check_one_row_in_one_row_out, check_learned_attributes_are_plain]


def test_a_cleaner_learns_the_same_twice(made, learn, cleaner_option, sample, split):
    check_repeats(lambda: made("cleaner", cleaner_option), learn, sample, split)


def test_a_features_option_learns_the_same_twice(made, learn, features_option, sample, split):
    check_repeats(lambda: made("features", features_option), learn, sample, split)


@pytest.mark.parametrize("check", CHECKS)
def test_a_cleaner_keeps_the_contract_of_a_step(made, learn, cleaner_option, sample, split, check):
    check(made("cleaner", cleaner_option), learn, sample, split)


@pytest.mark.parametrize("check", CHECKS)
def test_a_features_option_keeps_the_contract_of_a_step(
    made, learn, features_option, sample, split, check
):
    check(made("features", features_option), learn, sample, split)


def test_a_cleaner_tells_what_it_did_and_how_many_rows_it_dropped(
    made, learn, cleaner_option, sample, split
):
    cleaner = made("cleaner", cleaner_option)
    X, y, _ = parts(sample.X, sample.y, split)
    cleaned, kept = learn(cleaner, X, y)
    assert cleaner.rows_dropped_ == len(X) - len(cleaned) == len(X) - len(kept)
    assert all(isinstance(says, str) and count > 0 for says, count in cleaner.touched_.items())


def test_features_give_finite_numbers_or_gaps_only(made, learn, features_option, sample, split):
    X, y, _ = parts(sample.X, sample.y, split)
    given, _ = learn(made("features", features_option), X, y)
    values = given.to_numpy(dtype=float, na_value=np.nan)
    assert not np.isinf(values).any()


def test_a_cleaner_can_be_cloned(made, cleaner_option):
    step = made("cleaner", cleaner_option)
    assert repr(clone(step).get_params()) == repr(step.get_params())


def test_a_features_option_can_be_cloned(made, features_option):
    step = made("features", features_option)
    assert repr(clone(step).get_params()) == repr(step.get_params())
