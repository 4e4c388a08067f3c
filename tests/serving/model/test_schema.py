"""The schema says what was learned, and shows nothing of anybody."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from mlops.registry.versions import Versions
from mlops.serving import answer
from mlops.serving.loading import load, vectorised
from mlops.serving.nouns import Input, Stamp
from mlops.serving.schema import MADE_UP, _example
from mlops.serving.settings import Settings
from tests.serving.model.conftest import NAMES


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


def test_nobody_is_told_which_names_were_seen(inputs):
    assert inputs["surname"] == Input("surname", "words", True, True, None)


def test_the_example_shows_nobodys_sensitive_values(schema, inputs):
    assert [each.name for each in inputs.values() if each.sensitive] == [
        "years", "surname", "member",
    ]  # fmt: skip
    assert {row["surname"] for row in schema.example} == {MADE_UP["words"]}
    assert not any(name in json.dumps(schema.example) for name in NAMES)
    assert {row["member"] for row in schema.example} == {inputs["member"].categories[0]}
    (years,) = {row["years"] for row in schema.example}
    assert years % 10 == 0  # the middle of several, to one digit
    assert list(schema.example[0]) == [each.name for each in schema.inputs]
    assert schema.example[0]["since"].endswith("T00:00:00")


@pytest.mark.parametrize("model", ["people", "credit_scoring", "boston_housing"])
@pytest.mark.parametrize("policy", ["refuse", "warn"])
def test_the_example_is_answered_without_a_word_whatever_the_policies(
    versions, trained, model, policy
):
    of = versions if model == "people" else Versions(trained, model)
    served, pipeline = load(of, 1)
    policies = Settings(missing=policy, extra=policy, unseen=policy)
    body = json.dumps({"rows": served.schema.example}).encode()
    program = served.program or vectorised(pipeline, served.schema)
    reply = answer.answer("predict", {}, body, served, program, Stamp("a"), policies)
    assert (reply.status, reply.count, reply.warnings, reply.unseen) == (200, 3, (), 0)


def test_a_row_that_a_server_would_not_take_is_no_example():
    inputs = (
        Input("rooms", "number"),
        Input("city", "words", categories=("Bern", "Zug")),
        Input("age", "number", required=False),
    )
    rows = {"rooms": [None, 3.0], "city": ["Rome", "Zug"], "age": [None, 7.0]}
    assert _example(inputs, pd.DataFrame(rows)) == (
        {"rooms": MADE_UP["number"], "city": "Bern", "age": None},
        {"rooms": 3.0, "city": "Zug", "age": 7.0},
    )
