"""What is answered where it stands is answered as it would be the long way round."""

from __future__ import annotations

import json
import socket

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlops.core.secret import Secret
from mlops.serving.settings import Settings
from tests.serving.http.conftest import until
from tests.serving.http.state import EXAMPLE, State, houses, running

BODY = json.dumps({"rows": [EXAMPLE]}).encode()
WRONG = json.dumps({"rows": [{**EXAMPLE, "rooms": "x"}]}).encode()
SPLIT = json.dumps({"inputs": [EXAMPLE]}).encode()


def request(body=BODY, path="/predict", more="", version="1.1", method="POST"):
    head = f"{method} {path} HTTP/{version}\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"X-Request-Id: order-1\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def exchange(server, *pieces, answers=1):
    """What comes back for pieces that are sent one after the other; until it is enough."""
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.settimeout(10)
        for piece in pieces:
            caller.sendall(piece)
            if piece is not pieces[-1] and b"\r\n\r\n" in piece:
                until(lambda: server.app.calls)  # its head is there
        told = b""
        while told.count(b"HTTP/1.1 ") < answers or not told.endswith((b"}", b"]")):
            arrived = caller.recv(65536)
            if not arrived:
                break
            told += arrived
    return told


def parsed(told):
    """Status, headers and body of one answer."""
    head, _, body = told.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    headers.pop("connection", None)
    return status, headers, body


@pytest.fixture
def both(tmp_path):
    """The same server twice: with what answers at once, and with uvicorn's own protocol."""
    (tmp_path / "other").mkdir()
    with (
        running(State(tmp_path)) as prompt,
        running(State(tmp_path / "other"), HttpToolsProtocol) as plain,
    ):
        yield prompt, plain


REQUESTS = {
    "fine": request(),
    "wrong": request(WRONG),
    "mlflow": request(SPLIT, "/invocations"),
    "tensorflow": request(
        json.dumps({"instances": [EXAMPLE]}).encode(), "/v1/models/houses:predict"
    ),
    "kserve": request(b"{}", "/v2/models/houses/infer"),
    "a version": request(b"{}", "/v2/models/houses/versions/3/infer"),
    "none": request(b""),
    "another method": request(method="PUT"),
    "a query": request(path="/predict?x=1"),
    "another type": request(more="Content-Type: text/csv\r\n"),
    "HTTP/1.0": request(version="1.0"),
    "to be closed": request(more="Connection: close\r\n"),
    "upgrade": request(more="Connection: upgrade\r\nUpgrade: websocket\r\n"),
    "packed": request(more="Content-Encoding: gzip\r\n"),
    "large": request(json.dumps({"rows": [EXAMPLE] * 100}).encode()),
    "in many pieces": request(json.dumps({"rows": [EXAMPLE] * 5000}).encode()),
}


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_an_answer_is_the_same_either_way(both, sent):
    first, second = (parsed(exchange(server, sent)) for server in both)
    assert first == second


def test_most_of_it_needs_no_call(serve):
    server = serve()
    exchange(server, request() * 5, answers=5)
    counts = server.app.metrics.counts
    assert counts["requests", "predict", 200] == 5
    assert server.state.mirrored == [("order-1", 200)] * 5
    assert not server.app.calls


@pytest.mark.parametrize("cut", [10, len(request()) - len(BODY), len(request()) - 3])
def test_a_request_that_comes_in_pieces_is_answered_too(serve, cut):
    server = serve()
    told = exchange(server, request()[:cut], request()[cut:])
    assert parsed(told)[0] == "HTTP/1.1 200 OK"
    assert b'"predictions":[116.5]' in told


def test_requests_behind_each_other_are_answered_in_their_order(serve):
    server = serve()
    many = b"".join(
        request(more=f"X-Request-Id: order-{number}\r\n", path=path)
        for number, path in enumerate(["/predict", "/predict?x=1", "/predict", "/predict"])
    )
    told = exchange(server, many, answers=4)
    assert [told.count(b'"request_id":"order-%d"' % number) for number in range(4)] == [1] * 4
    places = [told.index(b'"request_id":"order-%d"' % number) for number in range(4)]
    assert places == sorted(places)


def test_what_follows_that_is_no_request_ends_the_connection(serve):
    server = serve()
    told = exchange(server, request() + b"\0\0\0", answers=2)
    assert told.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 400" in told


def test_a_server_with_a_token_still_asks_for_it(serve, monkeypatch):
    monkeypatch.setenv("TOKEN", "tell-nobody")
    server = serve(settings=Settings(token=Secret("TOKEN")))
    assert parsed(exchange(server, request()))[0] == "HTTP/1.1 401 Unauthorized"
    right = request(more="Authorization: Bearer tell-nobody\r\n")
    assert parsed(exchange(server, right))[0] == "HTTP/1.1 200 OK"


def test_a_server_that_is_not_ready_says_so(serve):
    assert b" 503 " in exchange(serve(main=None), request())


def test_a_full_line_is_full_for_everybody(serve):
    server = serve(settings=Settings(queue=4))
    told = exchange(server, request() * 12, answers=12)
    assert told.count(b"HTTP/1.1 200") >= 4
    assert told.count(b"HTTP/1.1 200") + told.count(b"HTTP/1.1 429") == 12


def test_a_canary_is_chosen_by_the_id(serve):
    server = serve(canary=houses(4))
    told = exchange(server, request().replace(b"order-1", b"a-canary"))
    assert parsed(told)[1]["x-model-version"] == "4"
