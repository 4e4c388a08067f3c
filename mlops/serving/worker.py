"""A worker process: HTTP in, answers out. It imports neither scikit-learn nor pandas."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn

from mlops.serving import faults
from mlops.serving.app import App
from mlops.serving.front import Front
from mlops.serving.nouns import Served
from mlops.serving.prompt import Prompt
from mlops.serving.traffic import Traffic

KEEP_ALIVE_S = 75
FAREWELL_S, LOOK_S = 0.5, 0.01
GOODBYE = (b"connection", b"close")


class Web(uvicorn.Server):
    """An HTTP server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of them."""
        yield


class HttpDoor:
    """HTTP on a socket that listens already.

    Parameters
    ----------
    traffic : Traffic
    listening : socket.socket
    """

    def __init__(self, traffic: Traffic, listening: socket.socket) -> None:
        settings = traffic.settings
        self.app, self.listening = App(traffic), listening
        config = uvicorn.Config(
            self.app,
            http=Prompt,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, int(settings.drain_s - FAREWELL_S)),
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
        )
        self.server = Web(config)
        self._serving: asyncio.Task[None] | None = None

    def served(self, served: Served) -> None:
        """Make ready for a version."""
        self.app.served(served)

    def dropped(self, version: int) -> None:
        """Forget it."""
        self.app.dropped(version)

    async def open(self) -> None:
        """Let callers in."""
        await self.app.start()
        self._serving = asyncio.create_task(self.server.serve([self.listening]))
        gc.collect()
        gc.freeze()  # what is there now stays: looking for garbage in it costs time
        gc.set_threshold(50_000, 20, 100)

    async def close(self) -> None:
        """Answer what is under way, and end."""
        await self._say_goodbye()
        self.server.should_exit = True
        if self._serving is not None:
            await self._serving
        await self.app.stop()

    async def _say_goodbye(self) -> None:
        """Have each answer be its connection's last, until all have gone that ask all the time.

        Whoever is hung up on without a word may have sent a request just then, which is lost.
        """
        state, config = self.server.server_state, self.server.config
        state.default_headers = config.encoded_headers = [GOODBYE]
        self.app.prompt.clear()  # what is answered at once does not say it
        self.app.heads.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(FAREWELL_S, self.app.settings.drain_s)):
                while state.connections:
                    await asyncio.sleep(LOOK_S)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # not everywhere
        return asyncio.new_event_loop
    made: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return made


def main(arguments: list[str]) -> None:
    """Run one worker: descriptor of the wire, index, descriptor of the listening socket."""
    descriptor, index, door = map(int, arguments)
    faults.begin()
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what callers do is in the metrics
    listening = socket.socket(fileno=door)
    front = Front(descriptor, index)
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(front.run(lambda traffic: HttpDoor(traffic, listening)))


if __name__ == "__main__":
    main(sys.argv[1:])
