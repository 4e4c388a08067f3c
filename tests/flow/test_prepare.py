"""A data set that comes back from the cache is the one that went in, notes and all."""

from __future__ import annotations

import pandas as pd
import pytest

from mlops.core.dataset import Column, Dataset, Task
from mlops.flow.prepare import read_dataset, write_dataset


@pytest.fixture
def houses():
    frame = pd.DataFrame({"size": [50.0, None], "kind": ["flat", None], "sold": ["no", "yes"]})
    columns = (
        Column("size", "numeric"),
        Column("kind", "categorical", sensitive=True),
        Column("sold", "target"),
    )
    task = Task("classification", "sold", ("no", "yes"), "yes", {"yes": 5.0})
    return Dataset(frame, columns, task, "f1", "houses.csv", ("size: read as a number", "more"))


def test_a_data_set_is_read_as_it_was_written(houses, work):
    write_dataset(houses, work)
    read = read_dataset(work)
    pd.testing.assert_frame_equal(read.frame, houses.frame)
    for name in ("columns", "task", "fingerprint", "source", "notes"):
        assert getattr(read, name) == getattr(houses, name)


def test_what_reading_noticed_is_shown_once_made_or_reused(cli, work):
    rows = "".join(f"r{n},{n % 7},{n * 3 % 11}\n" for n in range(120))
    (work / "houses.csv").write_text("ref,rooms,price\n" + rows)
    words = ("data=csv", "data.path=houses.csv", "data.target=price", "mode=smoke")
    for _ in range(2):
        ran = cli(*words, "model=dummy", "tracker=offline", "ui=plain").ok()
        assert ran.text.count("data.roles.ref=ROLE overrules") == 1, ran.text
