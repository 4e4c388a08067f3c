"""A door that is about to close says so with each answer, and hangs up on nobody who asks."""

from __future__ import annotations

import asyncio
import gc
import json
import socket

import pytest

from mlops.serving import worker
from mlops.serving.settings import Settings
from tests.serving.http.state import EXAMPLE, State

LONG_S = 60  # nobody waits so long on a quiet machine
BODY = json.dumps({"rows": [EXAMPLE]}).encode()
ASK = (
    b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n" % len(BODY)
) + BODY


@pytest.fixture
def door(tmp_path):
    """A worker's door; what it asks of the garbage collector is taken back."""
    before = gc.get_threshold()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield worker.HttpDoor(State(tmp_path, settings=Settings(drain_s=2 * LONG_S)), listening)
    gc.unfreeze()
    gc.set_threshold(*before)


class Caller:
    """One connection that stays open."""

    @classmethod
    async def to(cls, port):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    async def ask(self):
        """Status line and headers of an answer."""
        self.writer.write(ASK)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        status, *lines = head.rstrip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        await self.reader.readexactly(int(headers["content-length"]))
        return status, headers.get("connection")


def test_busy_callers_are_told_that_an_answer_is_the_last(door, monkeypatch):
    monkeypatch.setattr(worker, "FAREWELL_S", LONG_S)

    async def all_of_it():
        port = door.listening.getsockname()[1]
        door.served(door.app.state.main)
        await door.open()
        callers = [await Caller.to(port) for _ in range(8)]
        for _ in range(3):  # what has been asked before is answered the shortest way
            assert [await each.ask() for each in callers] == 8 * [("http/1.1 200 ok", None)]
        closing = asyncio.create_task(door.close())
        await asyncio.sleep(0)  # it begins
        callers.append(await Caller.to(port))  # one that comes now is let in
        for each in callers:
            assert await each.ask() == ("http/1.1 200 ok", "close")
            assert await each.reader.read() == b""
            each.writer.close()
        await closing  # for nobody is left

    asyncio.run(asyncio.wait_for(all_of_it(), LONG_S))


def test_an_idle_caller_is_hung_up_on_in_the_end(door, monkeypatch):
    monkeypatch.setattr(worker, "FAREWELL_S", 0.05)

    async def all_of_it():
        door.served(door.app.state.main)
        await door.open()
        caller = await Caller.to(door.listening.getsockname()[1])
        assert await caller.ask() == ("http/1.1 200 ok", None)
        await door.close()
        assert await caller.reader.read() == b""
        caller.writer.close()

    asyncio.run(asyncio.wait_for(all_of_it(), LONG_S))
