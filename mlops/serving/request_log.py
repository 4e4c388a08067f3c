"""What a worker gives to the log process: answered requests in batches, labels one by one.

Adding an entry is an append to a list; if the log process is away or slow the list stays short and
what does not fit is dropped and counted. Labels are acknowledged only when they are on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from itertools import count
from pathlib import Path
from time import time
from typing import Any
from zlib import crc32

import msgspec

from mlops.serving.metrics import Metrics
from mlops.serving.nouns import Reply, Served, Stamp
from mlops.serving.prepared import encode
from mlops.serving.refusal import Refusal, refused
from mlops.serving.settings import Settings
from mlops.serving.wire import frame, framed

SOCKET = "log.sock"
MOST = 2_000  # rows that wait for a fifth of a second: keeping more costs answers
MOST_BYTES = 8 * 2**20  # that wait in the socket
ACKNOWLEDGED_S = 10.0
WHOLE = 1 << 32
_DECODE = msgspec.msgpack.Decoder().decode
_ENCODE = msgspec.msgpack.Encoder().encode


class RequestLog:
    """One worker's end.

    Parameters
    ----------
    folder : pathlib.Path
        The server's private one; the log process listens there.
    settings : Settings
        ``log_share`` of the requests are kept, chosen by their ids.
    metrics : Metrics
    """

    def __init__(self, folder: Path, settings: Settings, metrics: Metrics) -> None:
        self.socket = folder / SOCKET
        self.below = int(settings.log_share * WHOLE)
        self.metrics = metrics
        self.entries: list[tuple[Any, ...]] = []
        self._rows = 0
        self._served: dict[int, Served] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = count(1)

    def append(
        self, route: str, served: Served, stamp: Stamp, reply: Reply, seconds: float
    ) -> None:
        """Keep an answered request, if it is among the share and there is room."""
        if self.below < WHOLE and _drawn(stamp.request_id) >= self.below:
            return
        self._rows += len(reply.rows)
        if self._rows > MOST and self.entries:
            self._rows -= len(reply.rows)
            self.metrics.count("log_dropped")
            return
        self._served[served.version] = served
        told = (served.version, time(), stamp.request_id, stamp.role, route, seconds)
        self.entries.append((*told, reply.rows, reply.answers))

    async def flush(self) -> None:
        """Send what has gathered, if somebody takes it."""
        if not self.entries:
            return
        entries, self.entries, self._rows = self.entries, [], 0
        writer = await self._connected()
        if writer is None or writer.transport.get_write_buffer_size() > MOST_BYTES:
            self.metrics.count("log_dropped", len(entries))
            return
        for version, served in self._served.items():
            mine = [entry for entry in entries if entry[0] == version]
            if mine:
                writer.write(framed(_ENCODE(batch(served, mine))))
        self._served.clear()
        self.metrics.count("log_sent", len(entries))

    async def keep(self, labels: list[tuple[str, int, Any]]) -> Reply:
        """Have labels written, and say so when they are.

        Raises
        ------
        Refusal
            Nobody writes them now.
        """
        await self.flush()  # the requests that they are about may still be here
        writer = await self._connected()
        if writer is None:
            raise _away()
        number = next(self._numbers)
        done = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            writer.write(framed(_ENCODE({"number": number, "labels": labels})))
            async with asyncio.timeout(ACKNOWLEDGED_S):
                told = await done
        except (TimeoutError, OSError, EOFError):
            raise _away() from None
        finally:
            self._waiting.pop(number, None)
        if "problem" in told:
            raise _away()
        self.metrics.count("feedback", len(labels))
        return Reply(200, encode(told))

    async def close(self) -> None:
        """Send the rest and hang up."""
        await self.flush()
        if self._writer is not None:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._writer.drain()
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading

    async def _connected(self) -> asyncio.StreamWriter | None:
        if self._writer is not None and not self._writer.is_closing():
            return self._writer
        try:  # the name of a socket has to be short, so it is told from here
            reader, writer = await asyncio.open_unix_connection(os.path.relpath(self.socket))
        except OSError:
            return None
        self._writer = writer
        self._reading = asyncio.create_task(self._read(reader, writer))
        return writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                told = _DECODE(await frame(reader))
                waiting = self._waiting.get(told.pop("number"))
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)
        except EOFError as error:
            writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(error)


def _drawn(request_id: str) -> int:
    """A number below 2**32; another one than that by which a canary is chosen, see `Traffic`."""
    return crc32(request_id.encode()) * 0x9E3779B1 % WHOLE


def batch(served: Served, entries: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Entries of one version as plain data, without what is sensitive."""
    inputs = served.schema.inputs
    shown = [at for at, each in enumerate(inputs) if not each.sensitive]
    kept = []
    for _, at, request_id, role, route, seconds, rows, answers in entries:
        if len(shown) < len(inputs):
            rows = [[row[place] for place in shown] for row in rows]
        told = (at, request_id, role, route, seconds, rows)
        kept.append((*told, answers.values, answers.probabilities))
    return {
        "version": served.version,
        "inputs": [(inputs[at].name, inputs[at].kind) for at in shown],
        "classes": [str(each) for each in served.schema.classes],
        "entries": kept,
    }


def _away() -> Refusal:
    says = "The labels could not be written; send them again."
    return refused("unavailable", says, retry_s=1)
