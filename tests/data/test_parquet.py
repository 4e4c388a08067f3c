"""Parquet files: the same content as a CSV file, and what is wrong with them."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops.core.errors import MlopsError
from mlops.data.csv import Csv
from mlops.data.parquet import Parquet


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": random.normal(size=60).round(3),
            "rooms": random.integers(1, 6, 60),
            "kind": random.choice(["a", "b"], 60),
            "sold": pd.date_range("2024-01-01", periods=60),
            "new": random.choice([True, False], 60),
            "label": random.choice([0, 1], 60),
        }
    )


def problem(path: Path, **keys):
    with pytest.raises(MlopsError) as caught:
        Parquet(**{"path": str(path), "target": "label", **keys}).read()
    return caught.value.problems[0]


def test_the_same_content_has_the_same_fingerprint_in_every_format(frame, work):
    frame.loc[3, "size"] = None
    frame.loc[5, "kind"] = None
    frame.to_csv("a.csv", index=False)
    frame.to_parquet("a.parquet")
    frame.astype({"kind": "category", "rooms": "int8"}).to_parquet("b.parquet", row_group_size=7)
    sources = [
        Csv(path="a.csv", target="label"),
        Parquet(path="a.parquet", target="label"),
        Parquet(path="b.parquet", target="label"),
    ]
    read = [source.read() for source in sources]
    assert len({each.fingerprint for each in read}) == 1
    assert len({each.columns for each in read}) == 1
    assert read[0].task == read[1].task


def test_one_changed_cell_changes_the_fingerprint(frame, work):
    frame.to_parquet("a.parquet")
    frame.loc[59, "kind"] = "c"
    frame.to_parquet("b.parquet")
    one, other = (Parquet(path=f"{name}.parquet", target="label").read() for name in "ab")
    assert one.fingerprint != other.fingerprint


def test_an_index_that_pandas_wrote_is_no_feature(frame, work):
    frame.set_index(pd.Index(range(100, 160))).to_parquet("a.parquet")
    dataset = Parquet(path="a.parquet", target="label").read()
    assert "__index_level_0__" not in dataset.features


def test_decimals_and_dates_become_numbers_and_times(work):
    table = pa.table(
        {
            "cost": pa.array([None, *map(decimal.Decimal, range(39))], pa.decimal128(9, 2)),
            "day": pa.array([datetime.date(2024, 1, 1)] * 40),
            "label": [0, 1] * 20,
        }
    )
    pq.write_table(table, "a.parquet")
    dataset = Parquet(path="a.parquet", target="label").read()
    assert dataset.frame.dtypes.astype(str).tolist() == ["float64", "datetime64[us]", "int64"]


def test_booleans_with_a_gap_are_categories(frame, work):
    table = pa.Table.from_pandas(frame).set_column(4, "new", [[True, False, None] * 20])
    pq.write_table(table.replace_schema_metadata(None), work / "rows.parquet")
    dataset = Parquet(path="rows.parquet", target="label").read()
    assert {each.name: each.role for each in dataset.columns}["new"] == "categorical"
    assert dataset.frame["new"].dropna().unique().tolist() == ["True", "False"]


def test_a_damaged_file_is_refused(frame, work):
    frame.to_parquet("a.parquet")
    whole = (work / "a.parquet").read_bytes()
    for name, content in {"cut": whole[:-100], "torn": whole[:200] + b"x" * 900}.items():
        (work / f"{name}.parquet").write_bytes(content)
        assert problem(work / f"{name}.parquet").code == "data-corrupt"
    (work / "text.parquet").write_text("size,label\n1,2\n")
    assert problem(work / "text.parquet").code == "data-corrupt"
    (work / "empty.parquet").touch()
    assert problem(work / "empty.parquet").code == "data-empty"


def test_a_small_file_of_very_many_rows_stops_at_the_limit(work):
    table = pa.table({"size": pa.array(np.zeros(2_000_000)), "label": pa.array([0] * 2_000_000)})
    pq.write_table(table, "a.parquet")
    assert (work / "a.parquet").stat().st_size < 100_000
    assert problem(work / "a.parquet", max_memory_mb=5).code == "data-too-large"


def test_columns_of_lists_are_refused_unless_they_are_ignored(work):
    table = pa.table({"tags": [[1, 2]] * 40, "size": range(40), "label": [0, 1] * 20})
    pq.write_table(table, "a.parquet")
    found = problem(work / "a.parquet")
    assert found.code == "column-type"
    assert "tags" in found.where
    kept = Parquet(path="a.parquet", target="label", roles={"tags": "ignored"}).read()
    assert kept.features == ["size"]


def test_columns_without_rows_are_refused(work):
    pq.write_table(pa.table({"size": pa.array([], "f8"), "label": pa.array([], "i8")}), "a.parquet")
    assert problem(work / "a.parquet").code == "too-few-rows"
