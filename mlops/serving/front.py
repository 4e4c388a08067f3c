"""A process that answers callers: what workers and the gRPC process have in common."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from mlops.serving import answer
from mlops.serving.nouns import Served, Stamp
from mlops.serving.table import Table
from mlops.serving.traffic import Traffic
from mlops.serving.wire import message, packed


class Door(Protocol):
    """Where callers come in."""

    def served(self, served: Served) -> None:
        """Make ready for a version, before it may be chosen."""

    def dropped(self, version: int) -> None:
        """Forget a version."""

    async def open(self) -> None:
        """Let callers in; returns when they are."""

    async def close(self) -> None:
        """Let nobody in any more; returns when the last answer is sent."""


class Front:
    """Does what the supervisor says, until it says no more.

    Parameters
    ----------
    descriptor : int
        Of the wire to the supervisor.
    index : int
        Of this process.
    """

    def __init__(self, descriptor: int, index: int) -> None:
        self.wire = socket.socket(fileno=descriptor)
        self.index = index
        self.ending = asyncio.Event()
        self.traffic: Traffic
        self.door: Door
        self._writer: asyncio.StreamWriter
        self._is_open = False
        self._dropping: set[asyncio.Task[None]] = set()

    async def run(self, make: Any) -> None:
        """Serve.

        Parameters
        ----------
        make : callable
            Gives the door for the traffic of this process.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.ending.set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        reader, self._writer = await asyncio.open_unix_connection(sock=self.wire)
        (spec,) = await message(reader)
        self.traffic = Traffic(spec, self.index, Path.cwd(), self.tell)
        self.door = make(self.traffic)
        self.tell("ready")
        listening = asyncio.create_task(self._listen(reader))
        await self.ending.wait()
        if self._is_open:
            await self.door.close()
        listening.cancel()
        with suppress(OSError):
            self._writer.close()

    def tell(self, *told: Any) -> None:
        """Say something to the supervisor."""
        self._writer.write(packed(told))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                kind, *rest = await message(reader)
                await getattr(self, f"_{kind}")(*rest)
        except EOFError:  # nobody is there any more who would replace us
            self.ending.set()
        except Exception:
            sys.excepthook(*sys.exc_info())
            os._exit(1)  # another one takes this place

    async def _load(self, version: int, pickled: bytes, bench: str) -> None:
        """Have a version at hand."""
        problem = ""
        try:
            served: Served = pickle.loads(pickled)  # noqa: S301 - our own model process made it
            self.door.served(served)
            self._warm_up(served)
            self.traffic.take(served, bench)
        except Exception as error:
            problem = f"a worker cannot take it: {type(error).__name__}: {error}"[:300]
        self.tell("loaded", version, problem)

    def _warm_up(self, served: Served) -> None:
        """Have the first request behind us before anybody sends one."""
        if served.program is None:
            return
        body = json.dumps({"rows": list(served.schema.example)}).encode()
        headers = {b"content-type": b"application/json"}
        settings, stamp = self.traffic.settings, Stamp("warm-up")
        for _ in range(3):
            answer.answer("predict", headers, body, served, served.program, stamp, settings)

    async def _bench(self, version: int, bench: str) -> None:
        self.traffic.rebench(version, bench)

    async def _table(self, table: Table) -> None:
        """Let other versions answer."""
        self.traffic.switch(table)
        if not self._is_open:
            self._is_open = True
            await self.door.open()
        self.tell("switched", table.generation)

    async def _drop(self, version: int) -> None:
        """Forget a version, when its last request is answered; others go on meanwhile."""

        async def drop() -> None:
            await self.traffic.drop(version)
            self.door.dropped(version)
            self.tell("dropped", version)

        self._dropping.add(task := asyncio.create_task(drop()))
        task.add_done_callback(self._dropping.discard)

    async def _ping(self) -> None:
        self.tell("pong")

    async def _admin(
        self, number: int, problem: dict[str, Any] | None, found: dict[str, Any]
    ) -> None:
        self.traffic.answered(number, problem, found)

    async def _end(self) -> None:
        self.ending.set()
