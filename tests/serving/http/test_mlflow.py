"""MLflow's protocol, by MLflow's own client and by what its documents show."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import requests

from tests.serving.http.state import EXAMPLE, credit

COLUMNS, VALUES = list(EXAMPLE), list(EXAMPLE.values())


@pytest.fixture
def client(server):
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    return ScoringServerClient("127.0.0.1", server.port)


def post(server, body, kind="application/json"):
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": kind}
    return requests.post(server.url + "/invocations", data=data, headers=headers)


def test_the_client_finds_the_server_ready(client):
    client.wait_server_ready(timeout=5)
    assert client.get_version()


def test_the_client_is_answered_for_a_frame(client):
    frame = pd.DataFrame([EXAMPLE, {**EXAMPLE, "city": "Zug"}])
    assert client.invoke(frame).get_predictions()[0].tolist() == [116.5, 16.5]


def test_the_client_may_send_the_columns_in_any_order_and_one_too_many(client):
    frame = pd.DataFrame([EXAMPLE])[COLUMNS[::-1]].assign(colour="red")
    answer = client.invoke(frame)
    assert answer.get_predictions()[0].tolist() == [116.5]
    assert answer["warnings"] == ["colour is no column of the model and was left out"]


def test_the_client_is_told_what_is_wrong(client):
    frame = pd.DataFrame([EXAMPLE]).assign(rooms="many")
    with pytest.raises(Exception, match=r"error code 400.*dataframe_split.data\[0\] \(rooms\)"):
        client.invoke(frame)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": COLUMNS, "data": [VALUES]}},
        {"dataframe_split": {"columns": COLUMNS, "index": [7], "data": [VALUES]}},
        {"dataframe_split": {"columns": COLUMNS[::-1], "data": [VALUES[::-1]]}},
        {"dataframe_records": [EXAMPLE]},
        {"inputs": {name: [value] for name, value in EXAMPLE.items()}},
        {"inputs": EXAMPLE},
        {"inputs": [VALUES]},
        {"inputs": [EXAMPLE]},
        {"instances": [EXAMPLE]},
        {"instances": [VALUES]},
        {"instances": {name: [value] for name, value in EXAMPLE.items()}},
    ],
)
def test_every_format_is_answered(server, body):
    answer = post(server, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == [116.5]
    assert answer.json()["warnings"] == []


def test_params_are_left_out_and_that_is_said(server):
    answer = post(server, {"inputs": [EXAMPLE], "params": {"temperature": 0.5}})
    assert answer.json()["warnings"] == ["params are not used by this model and were left out"]


def test_csv_with_a_header_is_answered(server):
    text = pd.DataFrame([EXAMPLE, {**EXAMPLE, "age": None}]).to_csv(index=False)
    assert post(server, text, "text/csv").json()["predictions"] == [116.5, 104.5]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "shape"),
        ("rooms,rooms\n1,2\n", "duplicate-key"),
        ("rooms,age\n1\n", "shape"),
        ('rooms,age\n"1,2\n', "invalid-body"),
        ("12-34-56,secret\n1,2\n", "column-missing"),
    ],
)
def test_csv_that_is_none_is_refused_and_none_of_it_is_shown(server, text, code):
    answer = post(server, text, "text/csv")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert "secret" not in answer.text
    assert "12-34" not in answer.text


@pytest.mark.parametrize(
    "body",
    [{}, {"inputs": [EXAMPLE], "instances": [EXAMPLE]}, {"params": {}}, {"rows": [EXAMPLE]}, []],
)
def test_a_body_without_exactly_one_format_is_refused_in_mlflows_words(server, body):
    answer = post(server, body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "BAD_REQUEST"
    assert answer.json()["message"]


def test_classes_are_answered_as_mlflow_does(serve):
    answer = post(serve(main=credit()), {"dataframe_records": [EXAMPLE]})
    assert answer.json()["predictions"] == ["good"]


@pytest.mark.parametrize("index", [{}, {"index": [0]}], ids=["without", "with an index"])
@pytest.mark.parametrize("key", ["columns", "data"])
def test_a_key_of_a_split_frame_stands_once(server, key, index):
    split = {"columns": COLUMNS, "data": [[*VALUES[:3], None, "x"]], **index}
    text = json.dumps({"dataframe_split": {**split, "twice": 0}})
    answer = post(server, text.replace('"twice": 0', f'"{key}": {json.dumps(split[key])}'))
    assert answer.json()["code"] == "duplicate-key"
    assert post(server, {"dataframe_split": split}).status_code == 200
