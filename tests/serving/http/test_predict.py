"""The plain protocol: records in, predictions out, and what every answer carries."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
import requests

from tests.serving.http.conftest import until
from tests.serving.http.state import EXAMPLE, Running, credit, houses


def ask(server: Running, rows: list[object], **headers: str) -> requests.Response:
    return requests.post(server.url + "/predict", json={"rows": rows}, headers=headers)


def test_rows_are_answered_in_their_order(server):
    answer = ask(server, [EXAMPLE, {**EXAMPLE, "city": "Zug"}])
    assert answer.status_code == 200
    assert answer.json()["predictions"] == [116.5, 16.5]
    assert answer.json()["warnings"] == []


def test_an_answer_names_model_version_and_request(server):
    answer = ask(server, [EXAMPLE])
    told = answer.json()
    assert (told["model"], told["version"]) == ("houses", 3)
    assert answer.headers["X-Model-Version"] == "3"
    assert answer.headers["X-Request-Id"] == told["request_id"]


def test_a_callers_own_request_id_is_kept_and_a_strange_one_is_not(server):
    assert ask(server, [EXAMPLE], **{"X-Request-Id": "order-7"}).json()["request_id"] == "order-7"
    for strange in ("a b", "<script>", "x" * 200, '"'):
        made = ask(server, [EXAMPLE], **{"X-Request-Id": strange}).json()["request_id"]
        assert made != strange
        assert made.count("-") == 1


def test_two_requests_have_two_ids(server):
    made = {ask(server, [EXAMPLE]).json()["request_id"] for _ in range(20)}
    assert len(made) == 20


def test_classes_come_with_their_probabilities(serve):
    told = ask(serve(main=credit()), [EXAMPLE, {**EXAMPLE, "city": "Zug"}]).json()
    assert told["predictions"] == ["good", "bad"]
    assert told["classes"] == ["bad", "good"]
    assert told["probabilities"] == [[0.25, 0.75], [0.75, 0.25]]


def test_the_canary_says_that_it_answered(serve):
    server = serve(canary=houses(4))
    assert ask(server, [EXAMPLE], **{"X-Request-Id": "a-canary"}).json()["version"] == 4
    assert ask(server, [EXAMPLE], **{"X-Request-Id": "a-miner"}).json()["version"] == 3


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_packed_body_is_unpacked(server, encoding, pack):
    body = pack(json.dumps({"rows": [EXAMPLE]}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    answer = requests.post(server.url + "/predict", data=body, headers=headers)
    assert answer.json()["predictions"] == [116.5]


def test_many_rows_are_answered_by_the_model_process_and_alike(server):
    before = server.state.shipped
    answer = ask(server, [EXAMPLE] * 500)
    assert answer.json()["predictions"] == [116.5] * 500
    assert server.state.shipped == before + 1


def test_what_cannot_be_lowered_is_answered_by_the_model_process(serve):
    from dataclasses import replace

    server = serve(main=replace(houses(), program=None, path="sklearn"))
    assert ask(server, [EXAMPLE]).json()["predictions"] == [116.5]
    assert server.state.shipped == 1


def test_a_body_that_comes_in_pieces_is_one_body(server):
    pieces = iter([b'{"rows": [', json.dumps(EXAMPLE).encode(), b"]}"])
    headers = {"Content-Type": "application/json"}
    answer = requests.post(server.url + "/predict", data=pieces, headers=headers)
    assert answer.json()["predictions"] == [116.5]


def test_every_answered_request_is_mirrored_after_its_answer(serve):
    server = serve()
    ask(server, [EXAMPLE], **{"X-Request-Id": "one"})
    ask(server, [], **{"X-Request-Id": "two"})
    assert server.state.mirrored == [("one", 200), ("two", 422)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/predict", 405),
        ("POST", "/live", 405),
        ("PUT", "/predict", 405),
        ("POST", "/v2/models/others/infer", 404),
        ("POST", "/v2/models/houses/versions/9/infer", 404),
        ("GET", "/v1/models/houses/versions/" + "9" * 5000, 404),
        ("GET", "/v1/models/houses/labels/nobody", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
def test_an_address_that_is_none_is_refused_in_json(server, method, path, status):
    answer = requests.request(method, server.url + path, json={})
    assert answer.status_code == status
    assert "passwd" not in answer.text
    assert answer.json()["error"]


def test_a_wrong_method_is_told_the_right_one(server):
    assert requests.get(server.url + "/predict").headers["Allow"] == "POST"


def test_head_is_answered_as_get_without_a_body(server):
    answer = requests.head(server.url + "/ready")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused(server, kind):
    answer = requests.post(server.url + "/predict", data="{}", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert answer.json()["error"]["accepted"] == "application/json"


def test_nothing_is_answered_before_a_version_is_ready(serve):
    server = serve(main=None)
    answer = ask(server, [EXAMPLE])
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not-ready"
    assert answer.headers["Retry-After"] == "1"
    assert requests.get(server.url + "/ready").status_code == 503
    assert requests.get(server.url + "/live").status_code == 200


def test_a_fault_of_ours_is_told_in_json_and_stops_nothing(serve, monkeypatch, caplog):
    server = serve()

    def fail(*_told):
        raise RuntimeError("secret")

    with monkeypatch.context() as patch:
        patch.setattr(server.state, "choose", fail)
        answer = ask(server, [EXAMPLE])
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "failed")
    assert "secret" not in answer.text
    with monkeypatch.context() as patch:
        patch.setattr(server.state, "mirror", fail)
        assert ask(server, [EXAMPLE] * 500).status_code == 200  # it had been answered by then
    with monkeypatch.context() as patch:
        patch.setattr(server.app.log, "flush", fail)
        until(lambda: "metrics or log were not written" in caplog.text)
    assert "RuntimeError" in caplog.text  # what happened, and where, but no word of its text
    assert "secret" not in caplog.text.replace('raise RuntimeError("secret")', "")
    assert ask(server, [EXAMPLE]).status_code == 200
