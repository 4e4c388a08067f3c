"""Every contract lets through what it has learned from, and changes nothing it was given."""

from __future__ import annotations

import pandas as pd


def test_what_it_learned_from_keeps_it(made, contract_option, sample, tmp_path):
    contract = made("contract", contract_option)
    before = sample.frame.copy()
    places = {"name": "a", "learned": tmp_path / "learned", "accepted": tmp_path / "accepted"}
    first = contract.enforce(sample, **places)
    again = made("contract", contract_option).enforce(sample, **places)
    assert len(first.dataset.frame) + len(first.quarantined) == len(before)
    assert first.quarantined.empty
    pd.testing.assert_frame_equal(first.dataset.frame, again.dataset.frame)
    pd.testing.assert_frame_equal(sample.frame, before)
