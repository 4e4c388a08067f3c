"""What a prediction costs beside an empty handler of uvicorn: `python overhead.py [SECONDS]`.

Three servers on one core, in turn, each a process of its own: an empty ASGI handler, the app on
uvicorn's own protocol, and the app as workers run it. A client on another core asks for one row at
a time over one connection. CPU time is the server's own (Linux), so that a busy machine spoils
less; wall time is what the caller sees. Batches alternate; the ratio is of medians.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlops.serving.app import App
from mlops.serving.nouns import Answers, Input, Schema
from mlops.serving.prompt import Prompt
from tests.serving.http.state import State, houses

SERVERS, BATCH = ("empty", "plain", "prompt"), 100
ROW = {**{f"x{at}": 1.5 for at in range(11)}, "chas": "1", "city": "Bern"}
INPUTS = (
    *(Input(f"x{at}", "number") for at in range(11)),
    Input("chas", "words", categories=("0", "1")),
    Input("city", "words", categories=("Bern", "Biel")),
)
ONE = Answers([1.5])


def main(seconds: float) -> None:
    """Print the table."""
    ends = [socket.create_server(("127.0.0.1", 0)) for _ in SERVERS]
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, "serve", name, str(end.fileno())], pass_fds=[end.fileno()]
        )
        for name, end in zip(SERVERS, ends, strict=True)
    ]
    pin(-1)
    try:
        callers = [socket.create_connection(end.getsockname()) for end in ends]
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVERS}
        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at or not all(found.values()):
            for name, caller, process in zip(SERVERS, callers, processes, strict=True):
                found[name].append(batch(caller, process.pid))
        show(found)
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def batch(caller: socket.socket, pid: int) -> tuple[float, float]:
    """Wall and CPU time of one request, in µs."""
    body = json.dumps({"rows": [ROW]}).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    before, began = cpu(pid), time.perf_counter()
    for _ in range(BATCH):
        caller.sendall(request)
        told = b""
        while not told.endswith(b"}"):
            told += caller.recv(65536)
    wall = time.perf_counter() - began
    return wall / BATCH * 1e6, (cpu(pid) - before) / BATCH * 1e6


def cpu(pid: int) -> float:
    """Seconds that a process has run; 0 where that is not to be had."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def show(found: dict[str, list[tuple[float, float]]]) -> None:
    """Medians, and what they are to the empty handler."""
    print(f"{'server':<8} {'wall us':>8} {'cpu us':>8} {'rate beside empty':>18}")
    medians = {
        name: [statistics.quantiles(each, n=20)[0] for each in zip(*times, strict=True)]
        for name, times in found.items()
    }
    for name, (wall, used) in medians.items():
        ratio = medians["empty"][1] / used if used else medians["empty"][0] / wall
        print(f"{name:<8} {wall:>8.1f} {used:>8.1f} {ratio:>17.2f}x")


def pin(core: int) -> None:
    """Stay on the first or the last core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def serve(name: str, listening: socket.socket) -> None:
    """Run one of the servers until it is ended."""
    pin(0)
    with tempfile.TemporaryDirectory() as folder:
        schema = Schema(INPUTS, "regression", "price", example=(ROW,))
        served = replace(houses(), schema=schema, program=lambda rows: ONE)
        app = App(State(Path(folder), main=served))
        app.served(served)
        config = uvicorn.Config(
            empty if name == "empty" else app,
            http=Prompt if name == "prompt" else HttpToolsProtocol,
            interface="asgi3", ws="none", lifespan="off", log_level="warning", access_log=False,
            proxy_headers=False, server_header=False, date_header=False,
        )  # fmt: skip

        async def run() -> None:
            await app.start()
            gc.collect()
            gc.freeze()  # as a worker does
            await uvicorn.Server(config).serve([listening])

        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())


async def empty(scope: Any, receive: Any, send: Any) -> None:
    """Nothing but an answer of the same kind."""
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], socket.socket(fileno=int(sys.argv[3])))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 30.0)
