"""`mlops serve stop` while a request is under way: how long it may take, and who says so."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from mlops.core.errors import MlopsError
from mlops.core.serving import Status, is_running
from mlops.flow import stopping
from tests.serving.process.server import Server, until

MODEL = "boston_housing"
LOCAL = ("deployer=local", "serving.port=0", "serving.grpc_port=null", "serving.workers=1")
LONG_S = 600  # nobody waits so long, not even on a busy machine
PATIENT = (f"serving.drain_s={LONG_S}", f"serving.timeout_s={LONG_S}")
HEAD = (
    "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    "content-length: {}\r\nexpect: 100-continue\r\n\r\n"
)
DONE = f"{MODEL} is no longer served"


@pytest.fixture
def shop(trained, cli):
    """A command line over a server in the background that gives requests under way ten minutes."""
    shutil.copytree(trained / "registry", cli.folder / "outputs" / "registry")
    cli("serve", *LOCAL, *PATIENT).ok()
    yield cli
    cli("serve", "stop", "serving.drain_s=0")
    assert not is_running(folder(cli))


def folder(shop):
    return shop.folder / "outputs" / "serving" / MODEL


class Slow:
    """A request of which the server has the beginning."""

    def __init__(self, shop):
        self.folder = folder(shop)
        self.body = json.dumps({"rows": [Server(shop.folder / "outputs").example()]}).encode()
        place = urlsplit(Status.read(self.folder).url)
        self.caller = socket.create_connection((place.hostname, place.port), timeout=LONG_S)
        self.caller.sendall(HEAD.format(len(self.body)).encode() + self.body[:10])
        assert self.caller.recv(1000).startswith(b"HTTP/1.1 100")  # it waits for the rest

    def goes_on(self):
        """Send the rest; give what is answered, nothing if it is cut off."""
        try:
            self.caller.sendall(self.body[10:])
            return self.answer()
        except (BrokenPipeError, ConnectionResetError):
            return b""

    def answer(self):
        try:
            return self.caller.recv(1000)
        except ConnectionResetError:
            return b""

    @contextmanager
    def going_on_while_it_ends(self):
        """Go on when the server lets nobody in any more, or is gone; give the answers."""
        answers, is_over = [], threading.Event()

        def ends():
            status = Status.read(self.folder)
            return status.state == "draining" or not is_running(self.folder) or is_over.is_set()

        def go_on():
            until(ends, "it lets nobody in")
            answers.append(self.goes_on())

        caller = threading.Thread(target=go_on)
        caller.start()
        try:
            yield answers
        finally:
            is_over.set()
            caller.join()


@pytest.fixture
def slow(shop):
    slow = Slow(shop)
    with slow.caller:
        yield slow


def test_a_request_has_the_time_of_the_servers_start_whatever_the_project_says_now(
    shop, slow, place, root, monkeypatch
):
    monkeypatch.setattr(stopping, "PATIENCE_S", 0)  # all that is left is what requests are given
    text = (root / "conf" / "serving" / "standard.yaml").read_text()
    own = shop.folder / "conf" / "serving"
    own.mkdir(parents=True)
    (own / "standard.yaml").write_text(text.replace("drain_s: 10 ", "drain_s: 0 "))
    assert "drain_s: 0\n" in shop("serve", "stop", "--cfg", "job").ok().text
    with slow.going_on_while_it_ends() as answers:
        told = place("serve", "stop")
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert told.details["says"] == DONE
    assert Status.read(folder(shop)).state == "ended"


def test_who_types_a_shorter_time_waits_no_longer_than_that(shop, slow):
    told = shop("serve", "stop", "serving.drain_s=0").ok().text
    assert DONE in told
    assert "made to" not in told
    assert Status.read(folder(shop)).state == "ended"  # by itself, only sooner
    assert slow.answer() == b""


def test_a_shorter_time_is_enough_for_who_is_quicker(shop, slow, place):
    with slow.going_on_while_it_ends() as answers:
        told = place("serve", "stop", f"serving.drain_s={LONG_S / 2}")
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert told.details["says"] == DONE


def test_a_longer_time_is_refused_and_the_server_goes_on(shop, slow, place):
    with pytest.raises(MlopsError, match="drain-of-its-start") as refused:
        place("serve", "stop", f"serving.drain_s={2 * LONG_S}")
    assert refused.value.exit_code == 2
    assert f"accepted  [0, {LONG_S}]" in str(refused.value)
    assert Status.read(folder(shop)).state == "ready"
    assert slow.goes_on().startswith(b"HTTP/1.1 200")
    moved = place("promote", "version=2").details["lines"]  # nor is it forgotten who serves
    assert moved[0].endswith(f"serves version 2 of {MODEL}")
