"""Every splitter parts the rows, the same way under the same seed."""

from __future__ import annotations

import numpy as np
import pandas as pd


def test_the_sides_share_no_row_and_folds_stay_inside_the_training_part(
    made, splitter_option, sample
):
    split = made("splitter", splitter_option).split(sample, seed=0)
    assert not set(split.train) & set(split.test)
    assert len(split.train)
    assert set(split.train) | set(split.test) <= set(range(len(sample.frame)))
    for fit, held_out in split.folds:
        assert not set(fit) & set(held_out)
        assert max([*fit, *held_out]) < len(split.train)


def test_the_same_seed_parts_the_same_way_and_the_data_stay_as_they_are(
    made, splitter_option, sample
):
    before = sample.frame.copy()
    first = made("splitter", splitter_option).split(sample, seed=7)
    second = made("splitter", splitter_option).split(sample, seed=7)
    np.testing.assert_array_equal(first.train, second.train)
    np.testing.assert_array_equal(first.test, second.test)
    for one, other in zip(first.folds, second.folds, strict=True):
        np.testing.assert_array_equal(one[1], other[1])
    pd.testing.assert_frame_equal(sample.frame, before)
