"""The schema says what was learned, and shows nothing of anybody."""

from __future__ import annotations

import json

import pytest

from mlops.serving.loading import load
from mlops.serving.nouns import Input
from mlops.serving.schema import MADE_UP


@pytest.fixture(scope="module")
def schema(versions):
    return load(versions, 1)[0].schema


@pytest.fixture(scope="module")
def inputs(schema):
    return {each.name: each for each in schema.inputs}


def test_the_columns_come_in_the_order_of_the_data(schema):
    names = ["years", "city", "surname", "member", "since"]
    assert [each.name for each in schema.inputs] == names
    assert (schema.task, schema.target, schema.classes) == ("regression", "income", ())


def test_a_column_has_the_kind_that_the_pipeline_reads(inputs):
    kinds = {name: each.kind for name, each in inputs.items()}
    assert kinds == {
        "years": "number", "city": "words", "surname": "words", "member": "words", "since": "date",
    }  # fmt: skip


def test_what_had_gaps_while_learning_may_be_missing(inputs):
    assert not inputs["years"].required
    assert not inputs["city"].required
    assert inputs["member"].required


def test_categories_are_those_that_were_seen(inputs):
    assert inputs["city"] == Input("city", "words", False, False, ("Bern", "Chur", "Genf"))
    assert inputs["member"].categories == ("no", "yes")
    assert inputs["years"].categories is None


def test_the_example_shows_nobodys_sensitive_values(schema, inputs):
    assert inputs["surname"].sensitive
    assert {row["surname"] for row in schema.example} == {MADE_UP["words"]}
    assert not {"Frei", "Keller", "Moser"} & set(json.dumps(schema.example).split('"'))
    assert list(schema.example[0]) == [each.name for each in schema.inputs]
    assert schema.example[0]["since"].endswith("T00:00:00")


def test_the_example_can_be_answered(versions):
    served, _ = load(versions, 1)
    rows = [tuple(each.values()) for each in served.schema.example]
    assert len(served.program(rows).values) == 3
