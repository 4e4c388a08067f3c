"""A real tracking server over HTTP that is late, hangs, dies on the way, and comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from mlops.core.version import Standing
from mlops.tracker import prepared
from mlops.tracker.address import Address
from mlops.tracker.courier import Courier
from mlops.tracker.elsewhere import notes
from mlops.tracker.mlflow import Mlflow
from mlops.tracker.spool import Spool
from mlops.tracker.sync import drain, pending

PASSWORD = "s3cret-w0rd"
STARTS_S = 90
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"


class Server:
    """``mlflow server`` on a port of its own, over a database that outlives it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        prepared.ready(folder / "server.db", folder / "files")

    def start(self) -> None:
        """Start it and return when it answers."""
        store = ["--backend-store-uri", f"sqlite:///{self.folder}/server.db"]
        files = ["--artifacts-destination", str(self.folder / "files")]
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *store, *files, *where],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + STARTS_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.uri}/health", timeout=5).close()
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "server.log").read_text())

    def kill(self) -> None:
        """End it at once, with all its workers."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory, command_line):
    folder = tmp_path_factory.mktemp("server")
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    made = Server(folder, command_line(folder).environment(**quiet))
    yield made
    made.kill()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_server_that_comes_late_gets_the_whole_run_and_no_secret_is_written(
    outputs, a_full_record, ledger, server
):
    with_password = server.uri.replace("://", f"://ann:{PASSWORD}@")
    tracker = Mlflow(uri=with_password)
    tracker.open(outputs)
    record = a_full_record()
    tracker.submit(record)
    delivery = tracker.close(60)
    assert not delivery.delivered
    assert delivery.says == (
        f"tracking server {server.uri.replace('://', '://***@')} is away (connection refused): "
        "the record waits in outputs/spool; `mlops sync` delivers it"
    )
    server.start()
    drained = drain(outputs, uri=with_password)
    assert drained.delivered[record.key].version == "1"
    ledger(server.uri).holds_once_and_whole(record.key)

    written = [path for path in outputs.rglob("*") if path.is_file()]
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in repr(delivery) + repr(drained)


def test_a_server_killed_on_the_way_and_started_again_has_every_run_once(
    outputs, a_full_record, ledger, server
):
    if server.process is None:
        server.start()
    records = [a_full_record(experiment="hard", register="hard") for _ in range(10)]
    spool = Spool(outputs, Address.of(outputs, server.uri))
    for record in records:
        spool.put(record)
    courier = Courier(spool)
    courier.start()
    assert courier.wait(spool.waiting()[:1], 60) == ""
    server.kill()
    assert "is away" in courier.wait(spool.waiting(), 60)
    courier.hang_up()
    waiting = spool.waiting()
    assert waiting
    server.start()

    drained = drain(outputs, uri=server.uri)
    assert sorted(drained.delivered) == sorted(waiting)
    runs = ledger(server.uri).runs(experiment="hard")
    assert sorted(run.data.tags["mlops.run_key"] for run in runs) == sorted(
        record.key for record in records
    )
    assert {run.info.status for run in runs} == {"FINISHED"}
    versions = [each.version for run in runs for each in ledger(server.uri).versions(run)]
    assert sorted(map(int, versions)) == list(range(1, 11))


def test_a_server_tells_at_a_glance_what_somebody_changed_there(
    outputs, a_full_record, ledger, server
):
    if server.process is None:
        server.start()
    records = [a_full_record(experiment="seen", register="seen") for _ in range(2)]
    spool = Spool(outputs, Address.of(outputs, server.uri))
    numbers = {number: each.key for number, each in enumerate(records, start=1)}
    told = Standing(model="seen", seq=2, hash="0" * 64, versions=numbers, aliases={"champion": 1})
    for each in (*records, told):
        spool.put(each)
    assert len(drain(outputs, uri=server.uri).delivered) == 2
    tracker = Mlflow(uri=server.uri.replace("://", "://ann:word@"))
    tracker.look(outputs, told)
    assert notes(outputs, "seen") == []
    ledger(server.uri).client.set_registered_model_alias("seen", "champion", "2")
    tracker.look(outputs, told)
    [(_, note)] = notes(outputs, "seen")
    assert (note["alias"], note["version"], note["was"]) == ("champion", 2, 1)


@pytest.mark.parametrize("answer", [b"", b"no HTTP", b"HTTP/1.1 200 OK\r\n\r\n[]", MOVED])
def test_an_address_that_is_no_tracking_server_tells_nothing(outputs, answer):
    told = Standing(model="seen", seq=1, hash="0" * 64)
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def speak() -> None:
            caller, _ = strange.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(answer)

        speaker = threading.Thread(target=speak)
        speaker.start()
        Mlflow(uri=f"http://127.0.0.1:{strange.getsockname()[1]}").look(outputs, told)
        speaker.join()
    assert notes(outputs, "seen") == []


def test_a_server_that_accepts_and_never_answers_is_away(outputs, a_record, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tracker = Mlflow(uri=f"http://127.0.0.1:{silent.getsockname()[1]}")
        tracker.open(outputs)
        tracker.submit(a_record())
        assert "is away (no answer in time): the record waits" in tracker.close(60).says


def test_a_record_for_one_server_is_not_sent_to_another_unless_that_is_wanted(
    outputs, a_record, ledger
):
    elsewhere = "http://127.0.0.1:1"
    record = a_record()
    Spool(outputs, Address.of(outputs, elsewhere)).put(record)
    assert drain(outputs).elsewhere == {record.key: elsewhere}
    assert pending(outputs) == {record.key: elsewhere}
    assert set(drain(outputs, adopt=True).delivered) == {record.key}
    assert len(ledger().runs(record.key)) == 1
