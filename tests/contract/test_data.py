"""Every reader of the outside world: cheap to ask, the same when read again."""

from __future__ import annotations

import pandas as pd

from mlops.core.dataset import ROLES, Dataset


def test_the_header_names_the_columns_that_are_read(made, data_option):
    source = made("data", data_option)
    header = source.header()
    assert header is None or set(source.read().frame.columns) <= set(header)


def test_read_twice_the_content_is_the_same(made, data_option):
    source = made("data", data_option)
    first, second = source.read(), made("data", data_option).read()
    assert isinstance(first, Dataset)
    assert first.fingerprint == second.fingerprint
    assert source.source_key() == made("data", data_option).source_key()
    pd.testing.assert_frame_equal(first.frame, second.frame)


def test_every_column_has_a_role_and_the_target_is_one_of_them(made, data_option):
    read = made("data", data_option).read()
    assert [column.name for column in read.columns] == list(read.frame.columns)
    assert {column.role for column in read.columns} <= set(ROLES)
    assert read.named("target") == [read.task.target]
    assert read.frame.index.equals(pd.RangeIndex(len(read.frame)))
