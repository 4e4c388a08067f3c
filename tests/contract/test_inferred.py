"""A contract is learned once, kept as YAML, and enforced from then on."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mlops.contract.accept import accept
from mlops.contract.inferred import Inferred
from mlops.contract.schema import Rule, Schema
from mlops.contract.signature import inputs
from mlops.contract.trust_all import TrustAll
from mlops.core.dataset import Column, Dataset, Enforced, Task
from mlops.core.errors import MlopsError

ROLES = {
    "size": "numeric",
    "kind": "categorical",
    "sex": "categorical",
    "sold": "date",
    "ref": "id",
    "price": "target",
}


def houses(rows: int = 200, **changed: object) -> Dataset:
    random = np.random.default_rng(0)
    price = np.arange(rows) + 10.0
    frame = pd.DataFrame(
        {
            "size": random.integers(1, 100, rows).astype(float),
            "kind": pd.array(random.choice(["flat", "house"], rows), dtype="str"),
            "sex": pd.array(random.choice(["f", "m"], rows), dtype="str"),
            "sold": pd.date_range("2024-01-01", periods=rows).as_unit("us"),
            "ref": pd.array([f"r{number}" for number in range(rows)], dtype="str"),
            "price": price,
        }
    )
    columns = tuple(Column(name, role, name == "sex") for name, role in ROLES.items())
    dataset = Dataset(frame, columns, Task("regression", "price"), "print", "here", ("a note",))
    return with_cells(dataset, **changed)


def with_cells(dataset: Dataset, **changed: object) -> Dataset:
    """The same with other values in the first rows of some columns."""
    frame = dataset.frame.copy()
    for name, values in changed.items():
        column = frame[name].astype(object)
        column.iloc[: len(values)] = values
        frame[name] = column.infer_objects()
    return replace(dataset, frame=frame, fingerprint=f"print of {sorted(changed)}")


@pytest.fixture
def enforce(work: Path):
    """Learn from good houses, then hold others against the contract."""

    def enforce(dataset: Dataset, **keys: object) -> Enforced:
        places = {"name": "houses", "learned": work / "learned", "accepted": work / "accepted"}
        Inferred().enforce(houses(), **places)
        return Inferred(**keys).enforce(dataset, **places)

    return enforce


@pytest.fixture
def refused(enforce):
    def refused(dataset: Dataset, **keys: object):
        with pytest.raises(MlopsError) as caught:
            enforce(dataset, **keys)
        assert caught.value.exit_code == 3
        return caught.value.problems[0]

    return refused


def test_it_is_written_for_people(enforce, work):
    enforce(houses())
    text = (work / "learned" / "houses.yaml").read_text()
    assert text.startswith("# What this data promises.")
    rules = yaml.safe_load(text)["columns"]
    assert rules["kind"] == {
        "role": "categorical",
        "kind": "words",
        "categories": ["flat", "house"],
        "nullable": False,
    }
    assert rules["size"]["low"] == 0.0  # none was negative, so none may be
    assert rules["size"]["high"] > 140


def test_nothing_of_a_sensitive_column_is_written(enforce, work):
    enforce(houses())
    rule = yaml.safe_load((work / "learned" / "houses.yaml").read_text())["columns"]["sex"]
    assert rule == {"role": "categorical", "kind": "words", "nullable": False, "sensitive": True}


def test_what_keeps_it_is_given_back_itself(enforce):
    dataset = houses()
    enforced = enforce(dataset)
    assert enforced.dataset is dataset
    assert enforced.quarantined.empty
    assert "200 rows keep the contract learned/houses.yaml" in enforced.notes


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"size": [-1.0]}, "size: below 0"),
        ({"size": [1e6]}, "size: above 148"),
        ({"size": [float("inf")]}, "size: infinite"),
        ({"size": [None]}, "size: missing"),
        ({"size": ["big"]}, "size: not a number"),
        ({"kind": ["castle"]}, "kind: not one of the known categories"),
        ({"kind": [None]}, "kind: missing"),
        ({"sold": ["soon"]}, "sold: not a date"),
        ({"price": [None]}, "price: target missing"),
        ({"price": [-1e9]}, "price: below 0"),
        ({"size": [-1.0], "kind": ["castle"]}, "size: below 0; kind: not one of the known "),
    ],
    ids=str,
)
def test_a_row_that_breaks_it_goes_aside_with_the_reason(enforce, changed, reason):
    enforced = enforce(houses(**changed))
    aside = enforced.quarantined
    assert len(aside) == 1
    assert aside["row"].tolist() == [0]
    assert aside["reason"][0].startswith(reason)
    assert len(enforced.dataset.frame) == 199
    assert enforced.dataset.frame.dtypes.equals(houses().frame.dtypes)
    assert enforced.dataset.frame.index.equals(pd.RangeIndex(199))
    assert any("1 of 200 rows put aside" in note for note in enforced.notes)
    assert enforced.dataset.fingerprint != houses(**changed).fingerprint


def test_the_rows_aside_show_no_sensitive_column(enforce):
    aside = enforce(houses(size=[-1.0])).quarantined
    assert list(aside) == ["row", "size", "kind", "sold", "ref", "price", "reason"]


def test_what_is_left_does_not_depend_on_the_run(enforce):
    dataset = houses(size=[-1.0])
    assert enforce(dataset).dataset.fingerprint == enforce(dataset).dataset.fingerprint


def test_too_many_broken_rows_stop_the_run_with_counts_and_places(refused):
    found = refused(houses(size=[-1.0] * 30), max_quarantined=0.1)
    assert found.code == "contract-broken"
    assert "30 of 200 rows" in found.found
    assert "size: below 0: 30" in found.found
    assert "first in rows 1, 2, 3" in found.found


def test_all_columns_that_do_not_fit_are_named_at_once(refused):
    dataset = houses()
    frame = dataset.frame.rename(columns={"kind": "kinds"}).drop(columns="sold")
    frame["size"] = pd.array(["x"] * len(frame), dtype="str")
    frame["colour"] = 1.0
    roles = {"kinds": "categorical", "colour": "numeric", **ROLES, "size": "categorical"}
    columns = tuple(Column(name, roles[name]) for name in frame)
    found = refused(replace(dataset, frame=frame, columns=columns))
    assert found.code == "contract-columns"
    assert "kind: missing, perhaps renamed to kinds" in found.found
    assert "sold: missing" in found.found
    assert "size: number by contract, words in the data" in found.found
    assert "colour: extra" in found.found
    assert found.closest == "kinds"


def test_a_role_that_looks_different_stays_the_contracts_and_is_told(enforce):
    dataset = houses()
    columns = tuple(
        replace(column, role="text") if column.name == "kind" else column
        for column in dataset.columns
    )
    enforced = enforce(replace(dataset, columns=columns))
    assert "kind: categorical by contract, looks text" in enforced.notes
    assert enforced.dataset.columns == dataset.columns


def test_codes_that_lost_their_letters_are_words_again(work):
    places = {"name": "a", "learned": work / "learned", "accepted": work / "accepted"}
    words = pd.array(["1", "2"] * 50, dtype="str")
    task = Task("regression", "y")
    columns = (Column("code", "categorical"), Column("y", "target"))
    frame = pd.DataFrame({"code": words, "y": np.arange(100.0)})
    Inferred().enforce(Dataset(frame, columns, task, "1", ""), **places)
    columns = (Column("code", "numeric"), Column("y", "target"))
    numbers = frame.assign(code=[1.0, 2.0] * 50)
    enforced = Inferred().enforce(Dataset(numbers, columns, task, "2", ""), **places)
    assert enforced.dataset.frame["code"].tolist() == words.tolist()


def test_another_task_is_refused(refused):
    task = Task("classification", "price", (10, 11), 11)
    assert "regression by contract, classification" in refused(replace(houses(), task=task)).found


def test_classes_without_known_rows_are_gone_and_labels_keep_their_type(work):
    labels = pd.Series([0, 1, None] * 40, dtype=object)
    frame = pd.DataFrame({"x": np.arange(120.0), "y": labels})
    columns = (Column("x", "numeric"), Column("y", "target"))
    dataset = Dataset(frame, columns, Task("classification", "y", (0, 1), 1), "1", "")
    enforced = TrustAll().enforce(dataset, name="a", learned=work, accepted=work)
    assert enforced.dataset.y.dtype == "int64"
    assert enforced.quarantined["reason"].unique().tolist() == ["y: target missing"]
    only = with_cells(dataset, x=[None] * 0, y=[None, 1, None] * 40)
    with pytest.raises(MlopsError, match="contract-leaves-nothing"):
        TrustAll().enforce(only, name="a", learned=work, accepted=work)


def test_nothing_is_written_when_the_first_data_is_refused(work):
    places = {"name": "a", "learned": work / "learned", "accepted": work / "accepted"}
    with pytest.raises(MlopsError, match="contract-broken"):
        Inferred().enforce(houses(price=[None] * 100), **places)
    assert not list(work.rglob("*.yaml"))


def test_the_accepted_contract_wins(enforce, work):
    enforce(houses())
    copy = accept("houses", learned=work / "learned", accepted=work / "accepted")
    copy.write_text(copy.read_text().replace("- house\n", "- house\n    - castle\n"))
    enforced = enforce(houses(kind=["castle"]))
    assert enforced.quarantined.empty
    assert "accepted/houses.yaml" in enforced.notes[0]


def test_what_was_never_learned_cannot_be_accepted(enforce, work):
    enforce(houses())
    with pytest.raises(MlopsError, match="contract-not-learned") as caught:
        accept("house", learned=work / "learned", accepted=work / "accepted")
    assert caught.value.problems[0].closest == "houses"


@pytest.mark.parametrize(
    "text",
    [
        *("- a", "a: [", "version: 2\ncolumns: {}", "version: 1\ncolumns: {a: 1}"),
        "version: 1\ncolumns: {a: {role: numeric, kind: number, low: deep}}",
        "version: 1\ncolumns: {a: {role: odd, kind: number}}",
        "version: 1\ncolumns: {a: {role: numeric, kind: number, width: 3}}",
        "version: 1\nsurprise: 1\ncolumns: {}",
        "version: 1\nrows: many\ncolumns: {}",
        "version: 1\nversion: 1\ncolumns: {}",
        "version: 1\ncolumns: " + "[" * 5000,
        "version: 1\ncolumns: {a: {role: numeric, kind: number, nullable: perhaps}}",
        "version: 1\ncolumns: {a: {role: categorical, kind: words, categories: [[a]]}}",
    ],
)
def test_a_contract_that_cannot_be_read_is_told_with_its_file(enforce, work, text):
    (work / "accepted").mkdir()
    (work / "accepted" / "houses.yaml").write_text(text)
    with pytest.raises(MlopsError, match="contract-unreadable") as caught:
        enforce(houses())
    assert caught.value.problems[0].where.startswith("accepted/houses.yaml")


def test_words_written_by_hand_are_words_whatever_yaml_takes_them_for():
    rule = "{role: categorical, kind: words, categories: [NO, 5, 1e-3, 2024-01-01, '${x}', true]}"
    schema = Schema.from_yaml(f"version: 1\ncolumns: {{a: {rule}}}", "a.yaml")
    words = ("NO", "5", "1e-3", "2024-01-01", "${x}", "True")
    assert schema.columns["a"].categories == words
    assert Schema.from_yaml(schema.to_yaml(), "a.yaml") == schema


@pytest.mark.parametrize("classes", [(0, 1), (False, True), ("NO", "YES"), ("01", "02"), (-1, 3)])
def test_the_labels_of_a_target_keep_their_type(classes):
    rule = Rule(role="target", kind="words", categories=classes)
    schema = Schema(task="classification", target="y", rows=9, columns={"y": rule})
    assert Schema.from_yaml(schema.to_yaml(), "a.yaml") == schema


def test_a_folder_that_cannot_be_written_is_the_machines_fault(work):
    (work / "learned").write_text("a file where a folder should be")
    with pytest.raises(MlopsError) as caught:
        Inferred().enforce(houses(), name="a", learned=work / "learned", accepted=work / "accepted")
    assert caught.value.exit_code == 4


def test_many_who_learn_at_once_learn_one_contract(work):
    places = {"name": "a", "learned": work / "learned", "accepted": work / "accepted"}
    notes: list[str] = []
    threads = [
        threading.Thread(target=lambda: notes.append(Inferred().enforce(houses(), **places).notes))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notes) == 8
    assert sum("learned from" in " ".join(each) for each in notes) == 1
    assert [path.name for path in (work / "learned").glob("*.yaml")] == ["a.yaml"]


def test_a_column_called_reason_is_no_trouble(work):
    dataset = houses(size=[float("inf")])
    frame = dataset.frame.assign(reason=1.0)
    dataset = replace(dataset, frame=frame, columns=(*dataset.columns, Column("reason", "numeric")))
    aside = TrustAll().enforce(dataset, name="a", learned=work, accepted=work).quarantined
    assert aside["reason_"].tolist() == [1.0]
    assert aside["reason"].tolist() == ["size: infinite"]


def test_the_inputs_of_a_model_are_its_features_and_numbers_may_be_missing():
    assert inputs(houses()) == (
        ("size", "double", True),
        ("kind", "string", True),
        ("sex", "string", True),
        ("sold", "datetime", True),
    )
