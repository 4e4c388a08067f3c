"""The bench in a model process: it answers what workers send, large requests beside small ones.

The socket has a name in a folder that only this user may enter. What travels there is plain data
of a known shape, so whoever should get in nevertheless can ask for answers and nothing else.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, Thread
from time import monotonic
from typing import NamedTuple

import msgspec

from mlops.serving import answer
from mlops.serving.nouns import Program, Reply, Served, Stamp
from mlops.serving.settings import Settings
from mlops.serving.wire import content, framed

LARGE = 1 << 16  # bytes of a body; larger ones wait for one another, and for nobody else
AT_ONCE = 2  # of each size


class Ask(NamedTuple):
    """What a worker sends; it waits `until` then, by the machine's monotonic clock."""

    number: int
    route: str
    headers: dict[bytes, bytes]
    body: bytes
    stamp: Stamp
    until: float


class Told(NamedTuple):
    """What it gets back."""

    number: int
    reply: Reply


class Bench:
    """Answers by the model process's own program.

    Parameters
    ----------
    served : Served
    program : callable
    settings : Settings
    """

    def __init__(self, served: Served, program: Program, settings: Settings) -> None:
        self.served, self.program, self.settings = served, program, settings
        self._small = ThreadPoolExecutor(AT_ONCE, "small")
        self._large = ThreadPoolExecutor(AT_ONCE, "large")
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def open(self, name: str) -> None:
        """Listen on the socket `name`."""
        self._door.bind(name)
        self._door.listen(64)
        Thread(target=self._let_in, daemon=True).start()

    def close(self) -> None:
        """Return when the last request is answered."""
        for pool in (self._small, self._large):
            pool.shutdown(wait=True)

    def _let_in(self) -> None:
        while True:
            wire, _ = self._door.accept()
            Thread(target=self._listen, args=(wire,), daemon=True).start()

    def _listen(self, wire: socket.socket) -> None:
        decode: Callable[[bytes], Ask] = msgspec.msgpack.Decoder(Ask).decode
        lock = Lock()
        with wire:
            while True:
                try:
                    ask = decode(content(wire))
                except (EOFError, msgspec.DecodeError):
                    return
                pool = self._small if len(ask.body) <= LARGE else self._large
                pool.submit(self._answer, ask, wire, lock)

    def _answer(self, ask: Ask, wire: socket.socket, lock: Lock) -> None:
        if monotonic() > ask.until:  # its caller has been told that it took too long
            return
        reply = answer.answer(
            ask.route, ask.headers, ask.body, self.served, self.program, ask.stamp, self.settings
        )
        told = framed(msgspec.msgpack.encode(Told(ask.number, answer.slim(reply, self.served))))
        try:
            with lock:
                wire.sendall(told)
        except OSError:  # whoever asked is gone
            return
