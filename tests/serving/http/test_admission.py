"""Bounds on what is under way: a line that is full is said to be, slow senders stop nobody."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests

from mlops.serving import patience
from mlops.serving.admission import HELD, Admission, Busy, Gone
from mlops.serving.refusal import Refusal
from mlops.serving.settings import Settings
from tests.serving.http.conftest import until
from tests.serving.http.state import EXAMPLE, houses

BODY = json.dumps({"rows": [EXAMPLE]}).encode()
HEAD = (
    b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
)
JSON = {"Content-Type": "application/json"}
SLOW = replace(houses(), program=None, path="sklearn")


def ask(server, path="/predict"):
    return requests.post(server.url + path, json={"rows": [EXAMPLE]})


def test_a_full_line_is_told_to_come_again(serve):
    server = serve(main=SLOW, settings=Settings(queue=3))
    server.state.hold = asyncio.Event()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ask, server) for _ in range(3)]
        until(lambda: server.app.admission.shipped == 3)
        refused = ask(server)
        server.loop.call_soon_threadsafe(server.state.hold.set)
        answers = [each.result() for each in waiting]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.json()["error"]["code"] == "busy"
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert ask(server).status_code == 200


def test_a_full_line_refuses_before_the_body_has_come(serve):
    server = serve(main=SLOW, settings=Settings(queue=1))
    server.state.hold = asyncio.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, server)
        until(lambda: server.app.admission.shipped == 1)
        with socket.create_connection(("127.0.0.1", server.port)) as caller:
            caller.sendall(HEAD)
            assert caller.recv(65536).startswith(b"HTTP/1.1 429")
        server.loop.call_soon_threadsafe(server.state.hold.set)
        assert waiting.result().status_code == 200


def test_large_bodies_that_wait_for_the_model_process_are_bounded_together(serve):
    content = json.dumps({"rows": [EXAMPLE] * 1000}).encode()
    server = serve(main=SLOW, settings=Settings(max_bytes=len(content)))
    server.state.hold = asyncio.Event()

    def post():
        return requests.post(server.url + "/predict", content, headers=JSON)

    with ThreadPoolExecutor(HELD) as pool:
        waiting = []
        for number in range(HELD):
            waiting.append(pool.submit(post))
            until(lambda number=number: server.app.admission.shipped > number)
        refused = post()
        server.loop.call_soon_threadsafe(server.state.hold.set)
        answers = [each.result() for each in waiting]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert [each.status_code for each in answers] == [200] * HELD
    assert (server.app.admission.held, server.app.admission.shipped) == (0, 0)
    assert post().status_code == 200


def test_small_bodies_are_bounded_by_their_number_alone(serve):
    server = serve(main=SLOW, settings=Settings(max_bytes=1000, queue=2 * HELD))
    server.state.hold = asyncio.Event()
    with ThreadPoolExecutor(2 * HELD) as pool:
        waiting = [pool.submit(ask, server) for _ in range(2 * HELD)]
        until(lambda: server.app.admission.shipped == 2 * HELD)
        server.loop.call_soon_threadsafe(server.state.hold.set)
        assert [each.result().status_code for each in waiting] == [200] * 2 * HELD


def test_requests_that_come_in_at_once_are_one_line():
    async def arrive(times):
        admission = Admission(queue=4, max_bytes=100)
        refused = 0
        for _ in range(times):
            try:
                admission.enter()
            except Refusal:
                refused += 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        admission.enter()
        return refused

    assert asyncio.run(arrive(4)) == 0
    assert asyncio.run(arrive(10)) == 6


def test_large_bodies_that_are_being_gathered_are_bounded_together():
    admission = Admission(queue=4, max_bytes=100)
    admission.hold(1500)
    with pytest.raises(Refusal, match="as much to do"):
        admission.hold(200)
    admission.held -= 1500
    admission.hold(1600)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Busy, 429, "busy"), (Gone, 503, "unavailable"), (TimeoutError, 504, "timeout")],
)
def test_a_model_process_that_cannot_answer_is_said_to(serve, error, status, code):
    server = serve(main=SLOW, ship_error=error)
    answer = ask(server)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["Retry-After"] == "1"
    assert server.app.admission.shipped == 0


def test_a_request_that_never_ends_is_ended(serve):
    server = serve(settings=Settings(timeout_s=0.3))
    for sent in (HEAD, HEAD + BODY[:5]):
        with socket.create_connection(("127.0.0.1", server.port)) as caller:
            caller.settimeout(10)
            caller.sendall(sent)
            assert caller.recv(65536).startswith(b"HTTP/1.1 408")
    assert ask(server).status_code == 200


def test_a_model_that_takes_too_long_is_given_up(serve):
    server = serve(main=SLOW, settings=Settings(timeout_s=0.3))
    server.state.hold = asyncio.Event()
    assert ask(server).status_code == 504
    assert server.app.admission.shipped == 0


def test_who_was_answered_and_then_sends_the_rest_for_ever_is_hung_up_on(serve, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_S", 0.2)
    server = serve()
    for sent in (b"GET /live", b"POST /nowhere"):
        head = sent + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as caller:
            caller.settimeout(20)
            caller.sendall(head)
            assert caller.recv(65536).startswith(b"HTTP/1.1 ")
            caller.sendall(b"x")
            with contextlib.suppress(ConnectionResetError):
                assert caller.recv(65536) == b""


def test_the_head_of_a_request_has_no_longer_than_the_request(serve, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_S", 3600)
    server = serve(settings=Settings(timeout_s=0.2))
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as caller:
        caller.sendall(b"POST /pred")
        assert caller.recv(100) == b""


def test_many_slow_senders_keep_nobody_out(serve):
    server = serve(settings=Settings(queue=16))
    with ExitStack() as stack:
        for _ in range(200):
            caller = socket.create_connection(("127.0.0.1", server.port))
            stack.enter_context(caller)
            caller.sendall(HEAD + BODY[:3])
        until(lambda: len(server.app.calls) == 200)
        assert [ask(server).status_code for _ in range(20)] == [200] * 20
    until(lambda: not server.app.calls)


def test_a_caller_who_leaves_is_counted_and_forgotten(serve):
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(HEAD + BODY[:3])
        until(lambda: server.app.calls)
    until(lambda: not server.app.calls)
    assert server.app.metrics.counts["disconnected",] == 1


def test_requests_in_one_connection_behind_each_other_are_all_answered(serve):
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.settimeout(10)
        caller.sendall((HEAD + BODY) * 5)
        told = b""
        while told.count(b"HTTP/1.1 200") < 5 or not told.endswith(b"}"):
            told += caller.recv(65536)
    assert told.count(b'"predictions":[116.5]') == 5
