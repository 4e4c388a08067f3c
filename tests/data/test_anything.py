"""Whatever a file holds, the answer is a data set or an error for people."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.contract.trust_all import TrustAll
from mlops.core.dataset import Dataset
from mlops.core.errors import MlopsError
from mlops.data.csv import Csv

NUMBERS = ["1", "2.5", "-0.0", "1e999", "9" * 25, "0012", "inf", "nan", "1,5"]
WORDS = ["a", "é", "", "NA", "true", "2024-01-01", "2024-13-45", '"', '"b', "\x00", " "]
CELLS = st.sampled_from(NUMBERS + WORDS)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=30)


@settings(max_examples=150)
@given(rows=TABLES, end=st.binary(max_size=5))
def test_a_table_of_odd_cells_is_read_or_refused(tmp_path_factory, rows, end):
    file = tmp_path_factory.getbasetemp() / "odd.csv"
    text = "\n".join(["x,y", *(",".join(row) for row in rows)])
    outcome = read(file, text.encode() + end)
    assert isinstance(outcome, (Dataset, MlopsError))


@settings(max_examples=100)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    assert isinstance(
        read(tmp_path_factory.getbasetemp() / "any.csv", content), (Dataset, MlopsError)
    )


def read(file: Path, content: bytes) -> Dataset | MlopsError:
    file.write_bytes(content)
    try:
        dataset = Csv(path=str(file), target="y").read()
        return TrustAll().enforce(dataset, name="odd", learned=file, accepted=file).dataset
    except MlopsError as error:
        return error
