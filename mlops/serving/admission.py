"""Who is let in: a bound on what is under way; a server that has too much says so at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from mlops.serving.refusal import Refusal, refused

SMALL = 64 * 1024  # what uvicorn holds of a body by itself
HELD = 16  # bodies of the largest size that may be gathered or shipped at the same time
RETRY_S = 1


class Busy(Exception):
    """The model process has as much to do as it may; raised by ``state.ship``."""


class Gone(Exception):
    """The model process is not there; raised by ``state.ship``."""


class Admission:
    """Counts requests and bytes under way in one worker.

    A request counts among those that came in together, a line in the event loop, and then while it
    waits for the model process. While its body is on its way only the bytes of it count, so that
    slow senders keep nobody out.

    Parameters
    ----------
    queue : int
        The longest line.
    max_bytes : int
        Of one body.

    Attributes
    ----------
    shipped : int
        Requests that wait for the model process.
    held : int
        Bytes of large bodies that are being gathered, or wait for the model process.
    """

    def __init__(self, queue: int, max_bytes: int) -> None:
        self.queue, self.most_held = queue, HELD * max_bytes
        self.shipped = self.held = 0
        self._in_line = 0

    def enter(self) -> None:
        """Count one more request.

        Raises
        ------
        Refusal
            The line is full.
        """
        if not self._in_line:
            asyncio.get_running_loop().call_soon(self._next_round)
        self._in_line += 1
        if self._in_line + self.shipped > self.queue:
            raise busy()

    def has_room(self) -> bool:
        """Whether one more could enter now."""
        return self._in_line + self.shipped < self.queue

    def _next_round(self) -> None:
        self._in_line = 0

    def hold(self, more: int) -> None:
        """Take the memory for `more` bytes of a body.

        Raises
        ------
        Refusal
            Too many large bodies are under way.
        """
        if self.held + more > self.most_held:
            raise busy()
        self.held += more

    @contextmanager
    def ship(self, size: int) -> Iterator[None]:
        """Count a request with a body of `size` bytes while it waits for the model process.

        Raises
        ------
        Refusal
            Too many wait, or too many large bodies are under way.
        """
        if self.shipped >= self.queue:
            raise busy()
        held = size if size > SMALL else 0
        self.hold(held)
        self.shipped += 1
        try:
            yield
        finally:
            self.shipped -= 1
            self.held -= held


def busy() -> Refusal:
    """The refusal of one request too many."""
    return refused("busy", "The server has as much to do as it may.", retry_s=RETRY_S)
