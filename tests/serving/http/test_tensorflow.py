"""TensorFlow Serving's REST protocol, as its documents show it."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from tests.serving.http.state import EXAMPLE, credit, houses

BASE = "/v1/models/houses"


def post(server, path, body):
    return requests.post(server.url + BASE + path, data=json.dumps(body))


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [EXAMPLE]},
        {"instances": [{name: [value] for name, value in EXAMPLE.items()}]},
        {"instances": [list(EXAMPLE.values())]},
        {"instances": [EXAMPLE], "signature_name": "serving_default"},
        {
            "instances": [
                {**EXAMPLE, "city": {"b64": base64.b64encode(b"Bern").decode()}},
            ]
        },
    ],
)
def test_rows_are_answered_by_predictions(server, body):
    answer = post(server, ":predict", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == [116.5]


@pytest.mark.parametrize(
    "wrap", [lambda value: [value], lambda value: [[value]]], ids=["flat", "deep"]
)
def test_columns_are_answered_by_outputs(server, wrap):
    body = {"inputs": {name: wrap(value) for name, value in EXAMPLE.items()}}
    assert post(server, ":predict", body).json()["outputs"] == [116.5]


def test_classes_are_named_outputs(serve):
    server = serve(main=credit())
    rows = post(server, ":predict", {"instances": [EXAMPLE]}).json()
    assert rows["predictions"] == [{"prediction": "good", "probabilities": [0.25, 0.75]}]
    inputs = {name: [value] for name, value in EXAMPLE.items()}
    columns = post(server, ":predict", {"inputs": inputs}).json()
    assert columns["outputs"] == {"prediction": ["good"], "probabilities": [[0.25, 0.75]]}


def test_classify_gives_labels_with_scores(serve):
    answer = post(serve(main=credit()), ":classify", {"examples": [EXAMPLE]})
    assert answer.json()["results"] == [[["good", 0.75], ["bad", 0.25]]]


def test_regress_gives_numbers_and_a_context_holds_for_every_example(server):
    rows = [{"rooms": 1.0, "age": 2.0}, {"rooms": [3.0], "age": 4.0}]
    context = {"city": "Zug", "sold": None, "owner": None}
    answer = post(server, ":regress", {"examples": rows, "context": context})
    assert answer.json()["results"] == [3.0, 7.0]


def test_a_feature_may_not_stand_in_context_and_example(server):
    answer = post(server, ":regress", {"examples": [EXAMPLE], "context": {"city": "Zug"}})
    assert answer.status_code == 400
    assert answer.json()["path"] == "examples[0].city"


def test_a_model_of_numbers_does_not_classify_and_one_of_classes_does_not_regress(serve):
    server = serve(canary=credit(4))
    assert post(server, "/versions/3:classify", {"examples": [EXAMPLE]}).status_code == 400
    assert post(server, "/versions/4:regress", {"examples": [EXAMPLE]}).status_code == 400
    assert post(server, "/versions/4:classify", {"examples": [EXAMPLE]}).status_code == 200


def test_a_version_is_asked_by_number_or_label(serve):
    server = serve(canary=houses(4))
    for called, version in (("/versions/4", 4), ("/labels/canary", 4), ("/labels/main", 3)):
        answer = post(server, f"{called}:predict", {"instances": [EXAMPLE]})
        assert answer.json()["version"] == version


def test_status_and_metadata_are_shown(serve):
    server = serve(canary=credit(4))
    status = requests.get(server.url + BASE).json()["model_version_status"]
    assert [(each["version"], each["state"]) for each in status] == [
        ("3", "AVAILABLE"),
        ("4", "AVAILABLE"),
    ]
    assert len(requests.get(server.url + BASE + "/versions/4").json()["model_version_status"]) == 1
    told = requests.get(server.url + BASE + "/versions/4/metadata").json()
    assert told["model_spec"] == {"name": "houses", "signature_name": "", "version": "4"}
    signature = told["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["rooms"]["dtype"] == "DT_DOUBLE"
    assert signature["inputs"]["city"]["dtype"] == "DT_STRING"
    assert list(signature["outputs"]) == ["prediction", "probabilities"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"instances": [EXAMPLE], "inputs": {}},
        {"instances": 3},
        {"instances": []},
        {"instances": [[1, 2]]},
        {"instances": [EXAMPLE], "signature_name": "other"},
        {"instances": [{**EXAMPLE, "rooms": [1, 2]}]},
        {"instances": [{**EXAMPLE, "city": {"b64": "%"}}]},
        {"inputs": {"rooms": [1], "age": [1, 2]}},
    ],
)
def test_what_is_no_request_is_refused_in_its_words(server, body):
    answer = post(server, ":predict", body)
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)
