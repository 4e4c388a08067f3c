"""The driver's end of the lines to workers elsewhere: where they call, and who has called."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing import AuthenticationError, Pipe
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from mlops.compute.outpost import Order, steady

PATIENCE_S = 20  # with a caller that has not proved who it is


@dataclass(frozen=True)
class Caller:
    """A worker that has called, and knows the secret."""

    line: Connection
    host: str
    pid: int
    release: str


class Line:
    """Where workers call; only those that can read the file `call` are answered.

    Both ends prove to know a secret that is made anew for each crew. What follows is not
    encrypted.

    Parameters
    ----------
    host : str
        Address of this machine, as workers reach it.
    folder : pathlib.Path
        For the file; private, and seen by all hosts.
    order : Order
        Sent to each worker.

    Raises
    ------
    OSError
        No such address of this machine.
    """

    def __init__(self, host: str, folder: Path, order: Order) -> None:
        self._order, self._key = order, os.urandom(32)
        self._server = socket.create_server((host, 0), backlog=512)
        self._rung, self._ring = Pipe(duplex=False)
        self._known: deque[Caller] = deque()
        self._lines: list[Connection] = []
        told = {"host": host, "port": self._server.getsockname()[1], "key": self._key.hex()}
        self.call = folder / "call.json"
        self.call.touch(mode=0o600)
        self.call.write_text(json.dumps(told), encoding="utf-8")

    @property
    def bells(self) -> tuple[Any, ...]:
        """What to wait for: one of them rings when :meth:`callers` has something to do."""
        return (self._server, self._rung)

    def callers(self, rung: list[Any]) -> list[Caller]:
        """Answer whoever calls, and give those that are known by now."""
        if self._server in rung:
            caller, _ = self._server.accept()
            threading.Thread(target=self._answer, args=(caller,), daemon=True).start()
        if self._rung in rung:
            self._rung.recv_bytes()
        return [self._known.popleft() for _ in range(len(self._known))]

    def close(self) -> None:
        """Answer nobody any more, and hang up."""
        self._server.close()
        for line in self._lines:
            line.close()

    def _answer(self, caller: socket.socket) -> None:
        _patience(caller, PATIENCE_S)
        line = steady(caller)
        try:
            deliver_challenge(line, self._key)
            answer_challenge(line, self._key)
            host, pid, release = line.recv()
            with socket.socket(fileno=os.dup(line.fileno())) as known:
                _patience(known, 0)
            line.send(self._order)
        except (OSError, EOFError, ValueError, AuthenticationError):
            line.close()
            return
        self._lines.append(line)
        self._known.append(Caller(line, host, pid, release))
        with contextlib.suppress(OSError):
            self._ring.send_bytes(b".")
        if self._server.fileno() < 0:  # closed meanwhile
            line.close()


def _patience(caller: socket.socket, seconds: int) -> None:
    """How long to wait for a word; 0: as long as it takes."""
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
