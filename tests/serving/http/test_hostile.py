"""Bodies that are meant to hurt are refused with no more effort than they deserve."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
import zlib

import pytest
import requests

from mlops.serving import answer
from mlops.serving.limits import check_packed, inflated
from mlops.serving.nouns import Stamp
from mlops.serving.refusal import Refusal
from mlops.serving.settings import Settings
from tests.serving.http.state import EXAMPLE, add_up, credit, houses

MB = 2**20
KEYS = b",".join(b'"%x":1' % at for at in range(800_000))
DEEP = {
    "lists": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "lists in a row": b'{"rows":[{"rooms":' + b"[" * 100_000,
    "lists in an unknown column": b'{"rows":[{"x":' + b"[" * 100_000,
    "whole": b'{"rows":[{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
}
BRACKETS = b'{"rows":[' + b"[]," * 40  # so many that depth has to be counted
LARGE = {
    "a million keys": b"{" + KEYS + b"}",
    "a million keys in a row": b'{"rows":[{' + KEYS + b"}]}",
    "one key a million times": b'{"rows":[{' + b'"rooms":1,' * 700_000 + b'"rooms":1}]}',
    "a long number": b'{"rows":[{"rooms":' + b"9" * 7 * MB + b"}]}",
    "a long fraction": b'{"rows":[{"rooms":0.' + b"9" * 7 * MB + b"}]}",
    "a long exponent": b'{"rows":[{"rooms":1e' + b"9" * 7 * MB + b"}]}",
    "a long text": b'{"rows":[{"city":"' + b"x" * 7 * MB + b'"}]}',
    "a long key": b'{"rows":[{"' + b"x" * 7 * MB + b'":1}]}',
    "empty rows": b'{"rows":[' + b"{}," * 2_300_000 + b"{}]}",
    "empty lists": b'{"rows":[' + b"[]," * 2_300_000 + b"[]]}",
    "many numbers": b'{"instances":[[' + b"1," * 3_500_000 + b"1]]}",
    "many short rows": b'{"instances":[' + b"[1]," * 1_700_000 + b"[1]]}",
    "many columns": b'{"inputs":{' + KEYS + b"}}",
    "many columns of one example": b'{"examples":[{' + KEYS + b'}],"context":{"rooms":1}}',
    "a large context": b'{"examples":[{}],"context":{' + KEYS + b"}}",
    "many tensors": b'{"inputs":['
    + b'{"name":"a","shape":[1],"datatype":"FP64"},' * 150_000
    + b"{}]}",
    "blanks": b" " * 7 * MB + b"{}",
    "escapes": b'{"rows":[{"city":"' + b"\\u0041" * MB + b'"}]}',
    "quotes": b'"' * 7 * MB,
    "a text without its end": BRACKETS + b'"' + b'\\"' * 3 * MB,
    "brackets in a text": b'{"rows":[{"city":"' + b"[" * 7 * MB + b'"}]}',
    "quotes behind brackets": BRACKETS + b'"' * 7 * MB,
    "brackets that close": BRACKETS + b'],""' * MB,
}
ROUTES = ("predict", "invocations", "v2", "tf_predict", "tf_regress")


def ask(route, body, headers=None):
    served = houses()
    stamp = Stamp("request-1")
    return answer.answer(route, headers or {}, body, served, add_up, stamp, Settings())


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("route", ROUTES)
def test_json_that_is_nested_too_deeply_is_refused(route, body):
    reply = ask(route, body)
    assert 400 <= reply.status < 500


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_would_become_large_is_refused_before_it_is(route, body):
    tracemalloc.start()
    assert len(body) < Settings().max_bytes
    reply = ask(route, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 400 <= reply.status < 500
    assert len(reply.body) < 20_000
    assert peak < 8 * len(body)


@pytest.mark.parametrize(
    "body",
    [b"1\n" * 3_500_000, b"rooms,age\n" + b"1,2\n" * 1_500_000, b"," * 7 * MB, b'"' * 7 * MB],
    ids=["short lines", "short rows", "one long line", "quotes"],
)
def test_csv_that_would_become_large_is_refused_before_it_is(body):
    tracemalloc.start()
    reply = ask("invocations", body, {b"content-type": b"text/csv"})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 400 <= reply.status < 500
    assert peak < 8 * len(body)


def test_packed_tensors_are_unpacked_only_if_they_fit():
    for datatype in ("INT8", "BOOL", "FP64", "BYTES"):
        for rows in (7 * MB, 3, 0):
            tensor = {"name": "rooms", "shape": [rows], "datatype": datatype}
            tensor["parameters"] = {"binary_data_size": 7 * MB}
            text = json.dumps({"inputs": [tensor]}).encode()
            headers = {b"inference-header-content-length": b"%d" % len(text)}
            tracemalloc.start()
            reply = ask("v2", text + b"\0" * 7 * MB, headers)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert 400 <= reply.status < 500
            assert peak < 40 * MB


def test_depth_is_counted_exactly_and_brackets_in_texts_are_none():
    def nested(levels):
        return json.dumps({"rows": [{**EXAMPLE, "x": "PLACE"}]}).replace(
            '"PLACE"', "[" * levels + "]" * levels
        )

    assert ask("predict", nested(29).encode()).status == 200
    assert ask("predict", nested(30).encode()).code == "too-deep"
    texts = {"rows": [{**EXAMPLE, "owner": "[{" * 200, "x": '\\"[{' * 200}]}
    assert ask("predict", json.dumps(texts).encode()).status == 200


def test_a_gzip_is_believed_when_it_says_that_it_is_too_large_and_only_then():
    packed = gzip.compress(bytes(2 * MB), mtime=0)
    with pytest.raises(Refusal) as refused:
        check_packed(packed, b"GZIP ", MB)
    assert refused.value.code == "too-large"
    check_packed(packed, b"gzip", 2 * MB)
    check_packed(packed, b"deflate", MB)
    lying = packed[:-4] + bytes(4)
    check_packed(lying, b"gzip", MB)
    with pytest.raises(Refusal) as refused:
        inflated(lying, b"gzip", MB)
    assert refused.value.code == "too-large"


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate"])
def test_a_bomb_is_unpacked_only_as_far_as_is_allowed(encoding):
    packing = zlib.compressobj(9, wbits=31 if encoding == b"gzip" else 15)
    bomb = b"".join(packing.compress(b" " * MB) for _ in range(200)) + packing.flush()
    tracemalloc.start()
    reply = ask("predict", bomb, {b"content-encoding": encoding})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (reply.status, reply.code) == (413, "too-large")
    assert peak < 20 * MB


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (b"{}", b"gzip", "invalid-body"),
        (gzip.compress(b'{"rows": []}', mtime=0)[:-9], b"gzip", "invalid-body"),
        (gzip.compress(b"{}", mtime=0) * 2, b"gzip", "invalid-body"),
        (b"{}", b"br", "content-encoding"),
        (b"{}", b"gzip, gzip", "content-encoding"),
    ],
)
def test_a_packing_that_is_none_is_refused(body, encoding, code):
    assert ask("predict", body, {b"content-encoding": encoding}).code == code


def test_too_many_rows_are_refused_in_every_shape():
    policies = Settings(max_rows=10)
    served = houses()
    values = list(EXAMPLE.values())
    bodies = {
        "predict": [{"rows": [EXAMPLE] * 11}],
        "invocations": [
            {"dataframe_split": {"columns": list(EXAMPLE), "data": [values] * 11}},
            {"dataframe_records": [EXAMPLE] * 11},
            {"inputs": {name: [value] * 11 for name, value in EXAMPLE.items()}},
        ],
        "tf_regress": [{"examples": [{}] * 11, "context": EXAMPLE}],
    }
    for route, each in bodies.items():
        for body in each:
            text = json.dumps(body).encode()
            reply = answer.answer(route, {}, text, served, add_up, Stamp("1"), policies)
            assert (reply.status, reply.code) == (413, "too-many-rows")


def test_a_body_that_is_announced_too_large_is_refused_before_it_comes(server):
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000000\r\n\r\n"
        )
        told = caller.recv(65536)
    assert told.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in told


@pytest.mark.parametrize("length", ["99999999999999999999999999", "9" * 400, "-1", "1x"])
def test_a_length_that_is_none_is_refused(server, length):
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: " + length.encode() + b"\r\n\r\n{}"
        )
        assert caller.recv(65536)[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400")


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "in chunks"])
def test_who_sends_too_much_sees_the_refusal_and_the_next_request_is_fine(server, is_chunked):
    pieces = [b" " * MB] * 24
    data = iter(pieces) if is_chunked else b"".join(pieces)
    headers = {"Content-Type": "application/json"}
    answer = requests.post(server.url + "/predict", data=data, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["accepted"] == "at most 8,388,608 bytes"
    assert requests.post(server.url + "/predict", json={"rows": [EXAMPLE]}).status_code == 200


def test_the_server_lives_through_all_of_it(serve):
    server = serve(main=credit())
    url = server.url + "/predict"
    headers = {"Content-Type": "application/json"}
    for body in [*DEEP.values(), *LARGE.values()]:
        assert 400 <= requests.post(url, data=body, headers=headers).status_code < 500
        assert requests.post(url, json={"rows": [EXAMPLE]}).json()["predictions"] == ["good"]
