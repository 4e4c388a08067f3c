"""Nothing that is sent makes the server say that it is its own fault."""

from __future__ import annotations

import json
import random

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings

from mlops.serving.settings import Settings
from tests.serving.http.conftest import log_writer
from tests.serving.http.state import EXAMPLE, State, credit, running

PATHS = {
    "/predict": {"rows": [EXAMPLE]},
    "/feedback": {"labels": [{"request_id": "order-1", "row": 0, "label": "good"}]},
    "/invocations": {"dataframe_split": {"columns": [*EXAMPLE], "data": [[*EXAMPLE.values()]]}},
    "/v2/models/houses/infer": {
        "id": "seven",
        "inputs": [
            {
                "name": name,
                "shape": [1],
                "datatype": "BYTES" if isinstance(value, str) else "FP64",
                "data": [value],
            }
            for name, value in EXAMPLE.items()
        ],
        "outputs": [{"name": "prediction", "parameters": {"binary_data": True}}],
    },
    "/v1/models/houses:predict": {"instances": [EXAMPLE], "signature_name": "serving_default"},
    "/v1/models/houses:classify": {"examples": [{}], "context": EXAMPLE},
}
ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    -1e-308,
    2**63,
    2**70,
    "",
    "x",
    "\ud83d\ude00",
    [],
    {},
    [[]],
    [None],
]
ODD += [{"b64": "eA=="}, {"": {}}, "NaN", "1e5", "true", "9" * 400, "2024-02-30", [1, "a"]]
KINDS = ["application/json", "text/csv", "application/octet-stream", "text/plain", ""]


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A server with its log process, so that labels are taken too."""
    from mlops.core.serving import Spec

    folder = tmp_path_factory.mktemp("fuzz")
    spec = Spec(model="houses", ledger="", outputs=str(folder / "outputs"), project="")
    (folder / "spec.json").write_text(spec.to_json())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with log_writer(folder), running(State(folder, main=credit())) as server:
            yield server


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server that refuses all it can, which its description says."""
    policies = Settings(extra="refuse", unseen="refuse", missing="refuse")
    folder = tmp_path_factory.mktemp("strict")
    with running(State(folder, settings=policies)) as server:
        yield server


def described(server):
    return schemathesis.openapi.from_url(server.url + "/openapi.json")


@pytest.mark.parametrize("which", ["target", "strict"])
def test_schemathesis_finds_nothing(which, request):
    """Every operation that is described, with bodies that fit and bodies that do not."""
    schema = described(request.getfixturevalue(which))
    checked = 0
    for operation in schema.get_all_operations():
        found = operation.ok()
        if which == "strict" and found.path == "/feedback":
            continue  # it has no log process
        _exercise(found)
        checked += 1
    assert checked >= 4


def _exercise(operation):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def exercise(case):
        case.call_and_validate()

    exercise()


def mutated(value, dice):
    """`value` with something in it exchanged, left out, doubled or put elsewhere."""
    if dice.random() < 0.25 or not isinstance(value, (list, dict)) or not value:
        return dice.choice(ODD)
    if isinstance(value, list):
        at = dice.randrange(len(value))
        changed = mutated(value[at], dice)
        return [*value[:at], *[changed] * dice.choice((0, 1, 1, 1, 2)), *value[at + 1 :]]
    key = dice.choice([*value])
    rest = {name: each for name, each in value.items() if name != key}
    name = dice.choice([key, key, key, "", key.upper(), dice.choice([*EXAMPLE])])
    return rest if dice.random() < 0.1 else {**rest, name: mutated(value[key], dice)}


def spoilt(text, dice):
    """Bytes of which some are others."""
    found = bytearray(text)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 8))):
        at = dice.randrange(len(found) + 1)
        found[at : at + dice.choice((0, 1, 4))] = dice.randbytes(dice.choice((0, 1, 3)))
    return bytes(found)


def test_two_thousand_random_bodies_find_no_fault_of_the_server(target):
    dice = random.Random(20261127)
    statuses = set()
    with requests.Session() as session:
        for _ in range(2000):
            path = dice.choice([*PATHS])
            body = spoilt(json.dumps(mutated(PATHS[path], dice)).encode(), dice)
            headers = {"Content-Type": dice.choice(KINDS)} if dice.random() < 0.2 else {}
            headers = headers or {"Content-Type": "application/json"}
            if dice.random() < 0.1:
                headers["Inference-Header-Content-Length"] = str(dice.randrange(len(body) + 2))
            if dice.random() < 0.05:
                headers["Content-Encoding"] = dice.choice(["gzip", "deflate", "br"])
            answer = session.post(target.url + path, data=body, headers=headers)
            assert answer.status_code < 500, (path, body, answer.text)
            if answer.headers["Content-Type"] == "application/json":
                json.loads(answer.content, parse_constant=pytest.fail)
            statuses.add(answer.status_code)
    assert {200, 400, 415, 422} <= statuses
