"""A whole server in one process, small: a real app on a real uvicorn, a real program.

The model adds up: the sum of the numbers, and a hundred where the city is Bern.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from mlops.serving import answer
from mlops.serving.app import App
from mlops.serving.nouns import Answers, Input, Reply, Row, Schema, Served, Stamp
from mlops.serving.prompt import Prompt
from mlops.serving.settings import Settings


def add_up(rows: Sequence[Row]) -> Answers:
    """The program."""
    return Answers([_sum(row) for row in rows])


def _sum(row: Row) -> float:
    return sum(each for each in row if isinstance(each, float)) + 100 * ("Bern" in row)


def judge(rows: Sequence[Row]) -> Answers:
    """Good where the sum is above a hundred."""
    chances = [0.25 if _sum(row) > 100 else 0.75 for row in rows]
    values = ["bad" if bad > 0.5 else "good" for bad in chances]
    return Answers(values, [[bad, 1 - bad] for bad in chances])


INPUTS = (
    Input("rooms", "number"),
    Input("age", "number", required=False),
    Input("city", "words", categories=("Bern", "Biel", "Zug")),
    Input("sold", "date", required=False),
    Input("owner", "words", sensitive=True, required=False),
)
EXAMPLE = {
    "rooms": 4.5,
    "age": 12.0,
    "city": "Bern",
    "sold": "2024-02-29T00:00:00",
    "owner": "example",
}
HOUSES = Schema(INPUTS, "regression", "price", example=(EXAMPLE,))
CREDIT = Schema(INPUTS, "classification", "creditability", ("bad", "good"), (EXAMPLE,))


def houses(version: int = 3) -> Served:
    """A version that gives a number."""
    return Served("houses", version, "run-1", HOUSES, add_up, "lowered", "it could be")


def credit(version: int = 3) -> Served:
    """A version that gives classes with probabilities."""
    return Served("houses", version, "run-1", CREDIT, judge, "lowered", "it could be")


@dataclass
class State:
    """What an app asks of its surroundings, in one process."""

    folder: Path
    settings: Settings = field(default_factory=Settings)
    main: Served | None = field(default_factory=houses)
    canary: Served | None = None
    index: int = 0
    model: str = "houses"
    mirrored: list[tuple[str, int]] = field(default_factory=list)
    shadow_counts: dict[str, int] = field(default_factory=dict)
    shipped: int = 0
    is_mirrored: bool = False
    ship_error: type[Exception] | None = None
    hold: asyncio.Event | None = None
    keep_alive_s: int = 30

    @property
    def is_ready(self) -> bool:
        return self.main is not None

    def choose(self, request_id: str) -> tuple[Served, str]:
        if self.canary is not None and request_id.endswith("canary"):
            return self.canary, "canary"
        assert self.main is not None
        return self.main, "main"

    def named(self, called: str) -> tuple[Served, str] | None:
        found = {role: each for each, role in self.serving()}
        found |= {str(each.version): each for each, _ in self.serving()}
        roles = {id(each): role for each, role in self.serving()}
        served = found.get(called)
        return None if served is None else (served, roles[id(served)])

    def serving(self) -> list[tuple[Served, str]]:
        both = [(self.main, "main"), (self.canary, "canary")]
        return [(served, role) for served, role in both if served is not None]

    async def ship(
        self, served: Served, route: str, headers: dict[bytes, bytes], body: bytes, stamp: Stamp
    ) -> Reply:
        self.shipped += 1
        if self.ship_error:
            raise self.ship_error
        if self.hold:
            await self.hold.wait()
        program = judge if served.schema.classes else add_up
        reply = answer.answer(route, headers, body, served, program, stamp, self.settings)
        return answer.slim(reply, served)

    def held(self, served: Served) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def mirror(self, served: Served, *asked: Any) -> None:
        self.mirrored.append((asked[3].request_id, asked[4].status))

    async def admin(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {"verb": verb, **payload}


@dataclass
class Running:
    """A server that answers."""

    url: str
    port: int
    app: App
    state: State
    loop: asyncio.AbstractEventLoop

    @property
    def address(self) -> str:
        """Without the scheme, as tritonclient takes it."""
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def running(state: State, protocol: Any = Prompt) -> Iterator[Running]:
    """Start a server on a free port, and see it out."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = App(state)
    config = uvicorn.Config(
        app, http=protocol, ws="none", interface="asgi3", proxy_headers=False, lifespan="off",
        access_log=False, server_header=False, date_header=False, log_level="warning",
        timeout_keep_alive=state.keep_alive_s, timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    up = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        for each, _ in state.serving():
            app.served(each)
        await app.start()
        found["loop"] = asyncio.get_running_loop()
        up.set()
        await server.serve([listening])
        await app.stop()

    def run() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10)
    port = listening.getsockname()[1]
    try:
        yield Running(f"http://127.0.0.1:{port}", port, app, state, found["loop"])
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
        assert not thread.is_alive()
