"""Whatever a run is called and however long it is, MLflow takes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import (
    _validate_batch_log_limits,
    _validate_metric_name,
    _validate_param_name,
    _validate_tag_name,
)

from mlops.tracker import limits


@given(st.text(min_size=1, max_size=400))
def test_any_text_becomes_a_name_that_mlflow_takes(text):
    name = limits.name(text)
    for check in (_validate_metric_name, _validate_param_name, _validate_tag_name):
        check(name)
    assert limits.name(text) == name


def test_different_texts_stay_different():
    texts = ["a[0]", "a[1]", "a_0_", "a" * 300, "a" * 301, "/a", "a", "../a", "x/../a"]
    assert len({limits.name(text) for text in texts}) == len(texts)


def test_batches_keep_every_value_within_one_request():
    values = {f"p{number}": "ü" * 6000 for number in range(250)}
    parts = list(limits.batches(values))
    assert {key: value for part in parts for key, value in part.items()} == values
    for part in parts:
        _validate_batch_log_limits([], list(part), [])
        assert sum(len(value.encode("unicode_escape")) for value in part.values()) < 1_000_000


def test_nothing_makes_no_batch():
    assert list(limits.batches({})) == []
    assert list(limits.chunks([], 5)) == []
