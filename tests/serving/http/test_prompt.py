"""What is answered where it stands is answered as it would be the long way round."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlops.core.secret import Secret
from mlops.serving.prompt import Prompt
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


PLAIN = request().replace(b"X-Request-Id: order-1\r\n", b"")


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
    "packed": request(more="Content-Encoding: gzip\r\n"),
    "large": request(json.dumps({"rows": [EXAMPLE] * 100}).encode()),
    "in many pieces": request(json.dumps({"rows": [EXAMPLE] * 5000}).encode()),
}


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_an_answer_is_the_same_either_way(both, sent):
    first, second = (parsed(exchange(server, sent)) for server in both)
    assert first == second


OFFER = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LIVE = b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = (
    request(more="Transfer-Encoding: chunked\r\n")
    .replace(b"Content-Length: %d\r\n" % len(BODY), b"")
    .replace(BODY, b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
)
OFFERED = {
    "fine": request(),
    "wrong": request(WRONG),
    "the long way": request(path="/predict?x=1"),
    "chunked": CHUNKED,
    "a body like a request": request(LIVE),
    "HTTP/1.0": request(version="1.0"),
    "to be closed": request(more="Connection: close\r\n"),
    "GET": LIVE,
    "large": request(json.dumps({"rows": [EXAMPLE] * 3000}).encode()),
}


def offering(sent, offer=OFFER):
    return sent.replace(b"Host: x\r\n", b"Host: x\r\n" + offer.encode(), 1)


@pytest.mark.parametrize("sent", OFFERED.values(), ids=OFFERED)
def test_an_offer_of_another_protocol_changes_no_answer(serve, sent):
    server = serve()
    told = [re.sub(rb"[0-9a-f]{16}-[0-9]+", b"id", exchange(server, each + LIVE, answers=2))
            for each in (sent, offering(sent))]  # fmt: skip
    assert told[0] == told[1]


@pytest.mark.parametrize("cut", [10, 70, 100, -len(BODY) - 2, -len(BODY), -9])
@pytest.mark.parametrize("offer", [OFFER, OFFER.swapcase(), OFFER.replace("h2c", "websocket")])
def test_a_body_behind_an_offer_is_never_a_request(serve, cut, offer):
    server = serve()
    body = LIVE.ljust(len(BODY))
    for number in range(2):  # the second time its head is known
        for content, status in ((BODY, b"200"), (body, b"400")):
            sent = offering(PLAIN.replace(BODY, content), offer)
            told = exchange(server, sent[:cut], sent[cut:] + LIVE, answers=2)
            assert re.findall(rb"HTTP/1.1 (\d+)", told) == [status, b"200"], number
            assert told.endswith(b'{"live":true}')


def test_offers_behind_each_other_are_all_passed_over(serve):
    told = exchange(serve(), (offering(request()) + offering(LIVE)) * 20, answers=40)
    assert re.findall(rb"HTTP/1.1 (\d+)", told) == [b"200"] * 40
    assert (told.count(b"116.5"), told.count(b'{"live":true}')) == (20, 20)


def test_a_client_that_offers_http_2_keeps_its_connection(serve):
    server = serve()
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = dict(line.split(": ") for line in OFFER.splitlines())
    for _ in range(3):
        client.request("POST", "/predict", BODY, {**headers, "Content-Type": "application/json"})
        answer = client.getresponse()
        assert (answer.status, json.load(answer)["predictions"]) == (200, [116.5])
    client.close()


def test_what_can_be_nothing_but_another_protocol_is_refused(serve):
    told = exchange(serve(), b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n" + LIVE)
    assert re.findall(rb"HTTP/1.1 (\d+)", told) == [b"400"]


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
    assert not server.app.heads  # it has an id of its own
    again = right.replace(b"X-Request-Id: order-1\r\n", b"")
    assert parsed(exchange(server, again))[0] == "HTTP/1.1 200 OK"
    assert len(server.app.heads) == 1  # answered at once
    wrong = again.replace(b"tell-nobody", b"tell-anyone")
    assert parsed(exchange(server, wrong))[0] == "HTTP/1.1 401 Unauthorized"
    assert len(server.app.heads) == 1


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


def test_a_head_that_comes_again_is_not_read_again(serve, monkeypatch):
    server = serve()
    exchange(server, PLAIN)
    assert len(server.app.heads) == 1
    monkeypatch.setattr(Prompt, "on_headers_complete", lambda _self: pytest.fail("read again"))
    told = exchange(server, PLAIN)
    assert b'"predictions":[116.5]' in told
    assert server.app.metrics.counts["requests", "predict", 200] == 2


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(PLAIN * 3, id="several at once"),
        pytest.param(PLAIN + PLAIN[:40], id="one and the beginning of another"),
        pytest.param(PLAIN.replace(b"4.5", b"9.5"), id="another body"),
        pytest.param(PLAIN.replace(b"4.5", b"x.5"), id="a body that is wrong"),
        pytest.param(PLAIN.replace(b"/predict", b"/nothing"), id="another address"),
    ],
)
def test_a_head_that_came_before_changes_no_answer(both, sent):
    told = []
    answers = max(1, sent.count(BODY))
    for server in both:
        exchange(server, PLAIN)
        told.append(exchange(server, sent, answers=answers))
    first, second = (re.sub(rb"[0-9a-f]{16}-[0-9]+", b"id", each) for each in told)
    assert sorted(first.split(b"\r\n")) == sorted(second.split(b"\r\n"))


def test_a_body_that_comes_late_behind_a_known_head_is_waited_for(serve):
    server = serve()
    exchange(server, PLAIN)
    told = exchange(server, PLAIN[:-9], PLAIN[-9:])
    assert b'"predictions":[116.5]' in told
    assert b'"predictions":[116.5]' in exchange(server, PLAIN[:7], PLAIN[7:])


def test_heads_with_ids_of_their_own_are_not_kept_and_the_others_up_to_a_bound(serve, monkeypatch):
    monkeypatch.setattr("mlops.serving.prompt.MOST_HEADS", 5)
    server = serve()
    exchange(server, request())
    assert not server.app.heads
    for number in range(12):
        exchange(server, PLAIN.replace(b"Host: x", b"Host: x%d" % number))
        assert 0 < len(server.app.heads) <= 5


@pytest.mark.parametrize("more", ["Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n"])
def test_a_head_of_two_lengths_is_never_kept(serve, more):
    server = serve()
    exchange(server, request(more=more))
    assert not server.app.heads


def test_a_connection_that_is_asked_again_and_again_stays_and_an_idle_one_is_closed(serve):
    server = serve(keep_alive_s=1)
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.settimeout(10)
        began = time.monotonic()
        while time.monotonic() < began + 2.5:
            caller.sendall(PLAIN)
            assert caller.recv(65536).startswith(b"HTTP/1.1 200")
        assert caller.recv(65536) == b""  # nobody asked for a second
