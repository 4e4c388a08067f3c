"""Clients that ask as fast as they are answered: `python closed_loop.py URL BODY CLIENTS SECONDS`.

One process, on one core, so that the server has the other for itself. Each client has a connection
that stays open and sends the same bytes. What is printed is one JSON document: answers by status
and by version, errors, answers a second, and the times of one in two, of 99 in 100, and the worst.
SIGUSR1 begins another phase: these times are told of the last one, and p99 of the one before too.
"""

from __future__ import annotations

import collections
import contextlib
import json
import re
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
VERSION = re.compile(rb"x-model-version: *(\d+)", re.IGNORECASE)


class Caller:
    """One connection."""

    def __init__(self, place: tuple[str, int], request: bytes) -> None:
        self.request = request
        self.place, self.socket = place, socket.create_connection(place, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.arrived, self.whole, self.began = bytearray(), 0, 0.0

    def ask(self) -> None:
        self.arrived.clear()
        self.whole, self.began = 0, time.perf_counter()
        self.socket.sendall(self.request)

    def answer(self) -> bytes | None:
        """The head of the answer, when all of it is there."""
        more = self.socket.recv(1 << 16)
        if not more:
            raise ConnectionError("hung up")
        self.arrived += more
        if not self.whole:
            end = self.arrived.find(b"\r\n\r\n")
            if end < 0:
                return None
            length = LENGTH.search(self.arrived, 0, end)
            self.whole = end + 4 + int(length[1]) if length else end + 4
        return bytes(self.arrived[:300]) if len(self.arrived) >= self.whole else None


def main(url: str, body: bytes, clients: int, seconds: float) -> dict[str, object]:
    """Ask for so many seconds."""
    where = urlsplit(url)
    place = (str(where.hostname), int(where.port or 80))
    head = (
        f"POST {where.path} HTTP/1.1\r\nhost: {where.hostname}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    callers = [Caller(place, head.encode() + body) for _ in range(clients)]
    selector = selectors.DefaultSelector()
    statuses: collections.Counter[str] = collections.Counter()
    versions: collections.Counter[str] = collections.Counter()
    phases: list[list[float]] = [[]]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    signal.signal(signal.SIGUSR1, lambda *_: phases.append([]))
    errors = 0
    began = time.perf_counter()
    for each in callers:
        selector.register(each.socket, selectors.EVENT_READ, each)
        each.ask()
    with contextlib.suppress(KeyboardInterrupt):  # whoever started us says when it is over
        while time.perf_counter() - began < seconds:
            for key, _ in selector.select(1.0):
                caller = key.data
                try:
                    found = caller.answer()
                    if found is None:
                        continue
                    phases[-1].append(time.perf_counter() - caller.began)
                    statuses[found[9:12].decode()] += 1
                    version = VERSION.search(found)
                    versions[version[1].decode() if version else ""] += 1
                    caller.ask()
                except OSError:
                    errors += 1
                    selector.unregister(caller.socket)
                    caller.socket.close()
                    again = Caller(place, caller.request)
                    selector.register(again.socket, selectors.EVENT_READ, again)
                    again.ask()
    took = time.perf_counter() - began
    for times in phases:
        times.sort()
    at = [_part(phases[-1], share) for share in (0.5, 0.99, 1.0)]
    return {
        "statuses": statuses,
        "versions": versions,
        "errors": errors,
        "per_s": sum(map(len, phases)) / took,
        "before_p99_ms": 1e3 * _part(phases[0], 0.99),
        **dict(zip(("p50_ms", "p99_ms", "worst_ms"), (1e3 * each for each in at), strict=True)),
    }


def _part(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]


if __name__ == "__main__":
    answered = main(
        sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3]), float(sys.argv[4])
    )
    print(json.dumps(answered))
