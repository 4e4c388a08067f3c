"""A worker's way to the bench: requests go out, replies come back in whatever order."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from time import monotonic

import msgspec

from mlops.serving.admission import Busy, Gone
from mlops.serving.bench import Ask, Told
from mlops.serving.nouns import Reply, Stamp
from mlops.serving.wire import frame, framed

TRIES = 2  # a request during which one model process died gets another, and no third


class Shipping:
    """The connection to the model process of one version.

    Parameters
    ----------
    most : int
        Requests under way; one more is refused.
    timeout_s : float
        For one request.
    """

    def __init__(self, *, most: int, timeout_s: float) -> None:
        self.most, self.timeout_s = most, timeout_s
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._numbers = count()
        self._writer: asyncio.StreamWriter | None = None
        self._is_up = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @property
    def under_way(self) -> int:
        """Requests without their reply."""
        return len(self._replies)

    def to(self, name: str) -> None:
        """Send what comes from now on to the socket `name`; what was lost is sent again."""
        if self._reading is not None:
            self._reading.cancel()
        self._lost()
        self._reading = asyncio.create_task(self._read(name))

    async def ask(
        self, route: str, headers: dict[bytes, bytes], body: bytes, stamp: Stamp
    ) -> Reply:
        """Have one request answered.

        Raises
        ------
        Busy
            Too many are under way.
        TimeoutError
            It takes too long.
        Gone
            Two model processes died of it.
        """
        if self.under_way >= self.most:
            raise Busy
        until = monotonic() + self.timeout_s
        async with asyncio.timeout(self.timeout_s):
            for _ in range(TRIES):
                await self._is_up.wait()
                with suppress(ConnectionError):
                    return await self._asked(route, headers, body, stamp, until)
        raise Gone

    async def end(self) -> None:
        """Return when the last reply has come."""
        while self._replies:
            await asyncio.wait(list(self._replies.values()))
            await asyncio.sleep(0)
        if self._reading is not None:
            self._reading.cancel()
        self._lost()

    async def _asked(
        self, route: str, headers: dict[bytes, bytes], body: bytes, stamp: Stamp, until: float
    ) -> Reply:
        assert self._writer is not None
        number = next(self._numbers)
        reply = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        try:
            ask = Ask(number, route, headers, body, stamp, until)
            self._writer.write(framed(msgspec.msgpack.encode(ask)))
            return await reply
        finally:
            del self._replies[number]

    async def _read(self, name: str) -> None:
        decode = msgspec.msgpack.Decoder(Told).decode
        try:
            reader, self._writer = await asyncio.open_unix_connection(name)
            self._is_up.set()
            while True:
                told = decode(await frame(reader))
                if (reply := self._replies.get(told.number)) is not None and not reply.done():
                    reply.set_result(told.reply)
        except (OSError, EOFError):
            self._lost()

    def _lost(self) -> None:
        self._is_up.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError())
