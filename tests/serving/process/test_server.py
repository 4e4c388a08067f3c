"""One server, real processes: who answers, who is replaced, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import pandas as pd
import pytest

from mlops.registry.deployments import notes
from mlops.registry.opened import opened
from tests.serving.process.server import Load, Server, is_alive, until

HEAD = (
    "POST /predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
    "content-type: application/json\r\ncontent-length: {}\r\n\r\n"
)
LARGE = 400  # rows: the model process answers them


def test_it_answers_what_the_model_answers(serve):
    server = serve()
    versions = server.versions
    folder, about = versions.shelf.place(1), versions.shelf.manifest(1)
    rows = pd.read_parquet(folder / "golden" / "rows.parquet")
    expected = list(opened(folder, about).predict(rows))
    records = json.loads(rows.to_json(orient="records"))
    client = server.client()
    small = client("/predict", {"rows": records[:1]})
    large = client("/predict", {"rows": records * (LARGE // len(records) + 1)})
    assert small.version == large.version == 1
    assert small.json["predictions"] == pytest.approx(expected[:1], rel=1e-9)
    assert large.json["predictions"][: len(rows)] == pytest.approx(expected, rel=1e-9)


def test_it_says_how_it_stands(serve):
    server = serve()
    status = server.status
    assert status.pid == server.process.pid
    assert [(each["version"], each["role"]) for each in status.serving] == [(1, "main")]
    assert status.seq == len(server.versions.ledger.entries())
    assert not status.problem
    assert (server.spec.folder / "live").stat().st_mode & 0o777 == 0o700


def test_the_supervisor_and_the_workers_stay_slim(serve):
    server = serve()
    workers = server.children("mlops.serving.worker")
    assert len(workers) == 2
    for pid in (server.process.pid, *workers):
        loaded = _loaded(pid)
        assert not [name for name in ("sklearn", "pandas", "pyarrow", "mlflow") if name in loaded]


def _loaded(pid):
    """Packages of which a process has mapped a library."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except FileNotFoundError:
        pytest.skip("the system does not tell what a process has loaded")
    return {part for line in maps.splitlines() for part in line.split("/")}


def test_a_worker_that_is_killed_is_replaced(serve):
    server = serve()
    killed = server.children("mlops.serving.worker")[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: "worker 0 was killed by SIGKILL and is replaced" in server.log, "it is told")
    until(lambda: len(server.children("mlops.serving.worker")) == 2, "another one")
    for _ in range(20):  # some of these connections are the new one's
        assert server.client()("/predict", {"rows": [server.example()]}).status == 200


def test_a_worker_that_hangs_is_replaced(serve):
    server = serve()
    hanging = server.children("mlops.serving.worker")[0]
    os.kill(hanging, signal.SIGSTOP)
    until(lambda: "worker 0 does not answer" in server.log, "it is told")
    until(lambda: not is_alive(hanging), "it is gone")
    until(lambda: len(server.children("mlops.serving.worker")) == 2, "another one")
    for _ in range(20):
        assert server.client()("/predict", {"rows": [server.example()]}).status == 200


def test_a_model_process_that_hangs_is_replaced(serve):
    server = serve()
    (hanging,) = server.children("mlops.serving.model_process")
    os.kill(hanging, signal.SIGSTOP)
    until(lambda: "version 1 does not answer" in server.log, "it is told")
    many = {"rows": [server.example()] * LARGE}
    assert server.client()("/predict", many).status == 200
    assert hanging not in server.children("mlops.serving.model_process")


def test_a_process_that_hangs_while_it_starts_is_replaced_and_told(outputs):
    server = Server(outputs, settings={"grpc_port": 0, "workers": 1}).start()
    try:
        module = "mlops.serving.grpc.process"
        (hanging,) = until(lambda: server.children(module), "it has been started")
        os.kill(hanging, signal.SIGSTOP)
        server.ready()
        assert "the gRPC process does not answer" in server.log
        assert "the gRPC process was killed" in server.log
        assert hanging not in server.children(module)
    finally:
        server.close()


def test_a_model_process_that_is_killed_loses_no_request(serve):
    server = serve()
    many = {"rows": [server.example()] * LARGE}
    with Load(server, many, clients=2) as load:
        load.more(5)
        os.kill(server.children("mlops.serving.model_process")[0], signal.SIGKILL)
        until(lambda: "version 1 was killed" in server.log, "it is told")
        load.more(5)
    assert not load.errors
    assert {answer.status for answer in load.answers} == {200}


def test_it_ends_after_the_last_answer(serve):
    server = serve()
    body = json.dumps({"rows": [server.example()]}).encode()
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(HEAD.format(len(body)).encode() + body[:10])
        assert caller.recv(1000).startswith(b"HTTP/1.1 100")  # it waits for the rest
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.status.state == "draining", "it lets nobody in")
        until(lambda: _refuses(host, int(port)), "nobody listens")
        caller.sendall(body[10:])
        assert caller.recv(1000).startswith(b"HTTP/1.1 200")
    assert server.process.wait(60) == 0
    assert server.status.state == "ended"
    assert not (server.spec.folder / "live").exists()


def _refuses(host, port):
    try:
        socket.create_connection((host, port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_nothing_stays_when_the_supervisor_is_killed(serve):
    server = serve()
    children = server.children()
    assert len(children) >= 4
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(map(is_alive, children)), "all of them have ended")


def test_there_is_one_server_of_a_model(serve, outputs):
    first = serve()
    second = Server(outputs).start()
    assert second.process.wait(60) == 4
    assert "already-served" in first.log
    assert f"process {first.process.pid}, ready" in first.log
    assert first.client()("/ready").status == 200


def test_a_taken_port_is_told_with_a_free_one(outputs):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(outputs, settings={"port": taken.getsockname()[1]}).start()
        assert server.process.wait(60) == 4
    assert "port-taken" in server.log
    assert "or write serving.port=" in server.log
    assert "cannot listen there" in server.status.problem


def test_a_version_that_there_is_not_is_none_to_start_with(outputs):
    server = Server(outputs, version="nobody").start()
    assert server.process.wait(60) == 2
    assert "No version of boston_housing is called nobody." in server.log
    assert server.status.state == "ended"


def test_the_first_request_of_a_version_is_noted(serve):
    server = serve()
    for _ in range(3):
        server.client()("/predict", {"rows": [server.example()]})
    served = until(
        lambda: [n for n in notes(server.versions) if n["event"] == "first_served"], "noted"
    )
    assert [each["version"] for each in served] == [1]
