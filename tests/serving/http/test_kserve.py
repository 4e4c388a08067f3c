"""KServe's V2 protocol, by Triton's client: metadata, health, tensors as JSON and as bytes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.serving.http.state import EXAMPLE, credit, houses


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.address) as found:
        yield found


def tensors(rows=({**EXAMPLE},), *, binary=False, kind="FP64", width=()):
    """One tensor for each column."""
    found = []
    for name in EXAMPLE:
        values = [row[name] for row in rows]
        is_text = isinstance(values[0], str)
        dtype = object if is_text else triton.triton_to_np_dtype(kind)
        array = np.array(values, dtype=dtype).reshape(len(rows), *width)
        tensor = triton.InferInput(name, array.shape, "BYTES" if is_text else kind)
        tensor.set_data_from_numpy(array, binary_data=binary)
        found.append(tensor)
    return found


def test_the_client_finds_server_and_model_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("houses")
    assert client.is_model_ready("houses", "3")
    assert not client.is_model_ready("houses", "9")


def test_metadata_tells_inputs_outputs_and_the_path_that_answers(client):
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    told = client.get_model_metadata("houses")
    assert told["versions"] == ["3"]
    assert told["platform"] == "mlops_lowered"
    assert [each["name"] for each in told["inputs"]] == list(EXAMPLE)
    assert [each["datatype"] for each in told["inputs"]] == ["FP64", "FP64", *["BYTES"] * 3]
    assert told["outputs"] == [{"name": "prediction", "datatype": "FP64", "shape": [-1]}]
    assert told["properties"]["why"] == "it could be"


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
@pytest.mark.parametrize("packing", [None, "gzip", "deflate"])
def test_tensors_are_answered_by_tensors(client, binary, packing):
    outputs = [triton.InferRequestedOutput("prediction", binary_data=binary)]
    answer = client.infer(
        "houses",
        tensors([EXAMPLE, {**EXAMPLE, "city": "Zug"}], binary=binary),
        outputs=outputs,
        request_id="seven",
        request_compression_algorithm=packing,
    )
    assert answer.as_numpy("prediction").tolist() == [116.5, 16.5]
    told = answer.get_response()
    assert (told["model_name"], told["model_version"], told["id"]) == ("houses", "3", "seven")


@pytest.mark.parametrize("kind", ["FP32", "FP64", "INT8", "INT16", "INT32", "INT64", "UINT8"])
def test_numbers_of_every_width_are_read(client, kind):
    rows = [{**EXAMPLE, "rooms": 4, "age": 12}]
    for binary in (False, True):
        answer = client.infer("houses", tensors(rows, binary=binary, kind=kind))
        assert answer.as_numpy("prediction").tolist() == [116.0]


def test_a_column_may_have_two_dimensions(client):
    assert client.infer("houses", tensors(width=(1,))).as_numpy("prediction").tolist() == [116.5]


def test_what_is_not_a_number_is_a_missing_value(client):
    answer = client.infer("houses", tensors([{**EXAMPLE, "age": np.nan}], binary=True))
    assert answer.as_numpy("prediction").tolist() == [104.5]


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
def test_classes_and_probabilities_are_two_outputs(serve, binary):
    server = serve(main=credit())
    with triton.InferenceServerClient(server.address) as client:
        names = ("prediction", "probabilities")
        outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
        answer = client.infer("houses", tensors(), outputs=outputs)
        assert answer.as_numpy("prediction").astype(str).tolist() == ["good"]
        assert answer.as_numpy("probabilities").tolist() == [[0.25, 0.75]]


def test_a_version_is_asked_by_its_number(serve):
    server = serve(canary=houses(4))
    with triton.InferenceServerClient(server.address) as client:
        assert client.get_model_metadata("houses")["versions"] == ["3", "4"]
        for version in ("3", "4"):
            answer = client.infer("houses", tensors(), model_version=version)
            assert answer.get_response()["model_version"] == version


def test_warnings_travel_as_a_parameter(client):
    answer = client.infer("houses", tensors([{**EXAMPLE, "city": "Rome"}]))
    told = answer.get_response()["parameters"]["warnings"]
    assert told == "city[0] holds a value that the model has not seen while learning"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda found: found.pop(0), r"\[400\] rooms\[0\]: This column is missing"),
        (lambda found: found.append(found[0]), "Two inputs have one name"),
        (lambda found: found[0].set_shape([7]), "shape does not fit"),
    ],
    ids=["one is missing", "one stands twice", "another shape"],
)
def test_the_client_is_told_what_is_wrong(client, spoil, says):
    sent = tensors()
    spoil(sent)
    with pytest.raises(InferenceServerException, match=says):
        client.infer("houses", sent)


FIT = [{"name": "rooms", "shape": [1], "datatype": "FP64", "data": [1]}]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [{**FIT[0], "datatype": "FP8"}]},
        {"inputs": [{**FIT[0], "shape": []}]},
        {"inputs": [{**FIT[0], "shape": [-1]}]},
        {"inputs": [{**FIT[0], "shape": [2**62, 2**62]}]},
        {"inputs": [{**FIT[0], "data": None}]},
        {"inputs": [{**FIT[0], "parameters": {"binary_data_size": 8}}]},
        {"inputs": [{**FIT[0], "parameters": {"binary_data_size": 8}, "data": None}]},
        {"inputs": FIT, "outputs": [{"name": "nothing"}]},
        {"inputs": FIT, "outputs": [{"name": "prediction", "parameters": {"classification": 3}}]},
        {"inputs": FIT, "id": "x" * 1000},
        {"inputs": FIT, "id": "\n"},
        {"inputs": []},
        {},
        [],
    ],
)
def test_what_is_no_request_of_the_protocol_is_refused_in_its_words(server, body):
    answer = requests.post(server.url + "/v2/models/houses/infer", data=json.dumps(body))
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("length", ["x", "-1", "99999999", "9" * 5000, "3"])
def test_a_length_of_the_json_that_is_none_is_refused(server, length):
    headers = {"Inference-Header-Content-Length": length}
    url = server.url + "/v2/models/houses/infer"
    answer = requests.post(url, data=json.dumps({"inputs": FIT}), headers=headers)
    assert answer.status_code == 400


def test_an_output_is_asked_for_once(client):
    wanted = [triton.InferRequestedOutput("prediction", binary_data=False)] * 2
    with pytest.raises(InferenceServerException, match=r"outputs\[1\].name: Two outputs"):
        client.infer("houses", tensors(), outputs=wanted)
