"""The bundled sets are what their source says, and their sources are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from sklearn.datasets import load_breast_cancer

from mlops.data.csv import Csv
from mlops.data.local_file import FILES


def source(root: Path, option: str) -> Csv:
    keys = yaml.safe_load((root / "conf" / "data" / f"{option}.yaml").read_text())
    return Csv(**{key: value for key, value in keys.items() if not key.startswith("_")})


@pytest.mark.parametrize(
    ("option", "shape", "task"),
    [
        ("boston_housing", (506, 13), "regression"),
        ("german_credit", (1000, 21), "classification"),
        ("breast_cancer", (569, 31), "classification"),
    ],
)
def test_it_has_the_rows_and_columns_that_are_documented(root, option, shape, task):
    dataset = source(root, option).read()
    assert dataset.frame.shape == shape
    assert dataset.task.name == task
    assert not dataset.notes


def test_a_bad_credit_is_what_to_find_and_costs_five_times(root):
    dataset = source(root, "german_credit").read()
    assert dataset.task.positive == "bad"
    assert dataset.task.costs == {"bad": 5.0, "good": 1.0}
    assert dataset.y.value_counts().to_dict() == {"good": 700, "bad": 300}
    assert dataset.sensitive == ["personal_status_and_sex", "age_in_years", "foreign_worker"]


def test_boston_is_without_the_column_that_it_is_known_for(root):
    assert "b" not in [name.lower() for name in source(root, "boston_housing").header()]


def test_breast_cancer_is_scikit_learns(root):
    dataset, original = source(root, "breast_cancer").read(), load_breast_cancer()
    assert (dataset.X.to_numpy() == original.data).all()
    assert (dataset.y == original.target_names[original.target]).all()


def test_every_bundled_file_has_its_source_and_licence():
    told = (FILES / "SOURCES.md").read_text()
    for file in FILES.glob("*.csv"):
        line = next(line for line in told.splitlines() if f"`{file.name}`" in line)
        assert line.count("|") == 5
