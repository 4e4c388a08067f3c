"""One request under way: what came, who asks, and how its answer is sent."""

from __future__ import annotations

import asyncio
from itertools import count
from os import urandom
from time import perf_counter
from typing import Any

from mlops.serving import limits
from mlops.serving.admission import SMALL, Admission
from mlops.serving.nouns import Reply
from mlops.serving.refusal import refused
from mlops.serving.routes import Route

# What may stand in a request id that a caller gives: nothing that means anything to anybody.
SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+="
LONGEST_ID = 128
LINGER_S, LINGER_BYTES = 0.5, 64 * 2**20
_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")


class Disconnected(Exception):
    """The caller has gone."""


class Ids:
    """Makes request ids that no other process makes.

    >>> made = Ids()
    >>> made.of({}) != made.of({})
    True
    >>> made.of({b"x-request-id": b"order-7"})
    'order-7'
    """

    def __init__(self) -> None:
        self._prefix = urandom(8).hex()
        self._numbers = count(1)

    def of(self, headers: dict[bytes, bytes]) -> str:
        """The caller's own id, if it is harmless, else a new one."""
        given = headers.get(b"x-request-id")
        if given and len(given) <= LONGEST_ID and not given.translate(None, SAFE):
            return given.decode()
        return f"{self._prefix}-{next(self._numbers)}"


class Call:
    """A request, from its headers to its answer.

    Parameters
    ----------
    scope : dict
    receive, send : callable
        Of ASGI.
    request_id : str
    headers : dict of bytes to bytes
        Names in lower case.
    """

    __slots__ = (
        *(
            "began",
            "headers",
            "is_answered",
            "is_late",
            "is_read",
            "method",
            "path",
            "receive",
            "request_id",
        ),
        *("route", "send", "task", "version"),
    )

    def __init__(
        self, scope: Any, receive: Any, send: Any, headers: dict[bytes, bytes], request_id: str
    ) -> None:
        self.began = perf_counter()
        self.headers, self.request_id = headers, request_id
        self.receive, self.send = receive, send
        self.method, self.path = scope["method"], scope["path"]
        self.route = Route("other")
        self.version = 0
        self.is_late = self.is_read = self.is_answered = False
        self.task = asyncio.current_task()

    async def body(self, admission: Admission, most: int) -> bytes:
        """All of the body, at most `most` bytes.

        Raises
        ------
        Refusal
            It is too large, or too much is being gathered.
        Disconnected
        """
        message = await self.receive()
        if message["type"] != "http.request":
            raise Disconnected
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body, admission, most)
        self.is_read = True
        if len(body) > most:
            raise limits.too_large(most)
        return body

    async def _rest(self, body: bytes, admission: Admission, most: int) -> bytes:
        parts, size, held = [body], len(body), 0
        try:
            while True:
                if size > most:
                    raise limits.too_large(most)
                if size - held > SMALL:
                    admission.hold(size - held)
                    held = size
                message = await self.receive()
                if message["type"] != "http.request":
                    raise Disconnected
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if not message.get("more_body"):
                    return b"".join(parts)
        finally:
            admission.held -= held

    async def answer(self, reply: Reply) -> None:
        """Send the answer; what is still to come of a refused body is let pass, within reason."""
        kind, body = reply.content_type, reply.body
        headers = [
            _JSON if kind == "application/json" else (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", self.request_id.encode()),
            *reply.headers,
        ]
        if self.version:
            headers.append((b"x-model-version", b"%d" % self.version))
        self.is_answered = True
        is_left = not self.is_read and self._is_long()
        if is_left:
            headers.append(_CLOSE)
        await self.send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if is_left:
            await self.send({"type": "http.response.body", "body": body, "more_body": True})
            await self._linger()
            body = b""
        await self.send({"type": "http.response.body", "body": body})

    def _is_long(self) -> bool:
        """Whether more may come than the server reads away by itself."""
        length = self.headers.get(b"content-length")
        if length is None:
            return b"transfer-encoding" in self.headers
        return not length.isdigit() or len(length) > 9 or int(length) > SMALL

    async def _linger(self) -> None:
        """Read on for a moment: a caller who is cut off while sending never sees the answer."""
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_S):
                while left > 0:
                    message = await self.receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body"):
                        return
        except TimeoutError:
            return


def check_length(call: Call, most: int) -> None:
    """Refuse a body whose announced length is too large, before it is read.

    Raises
    ------
    Refusal
    """
    length = call.headers.get(b"content-length")
    if length is not None and (len(length) > 18 or int(length) > most):
        raise limits.too_large(most)


def check_kind(call: Call) -> None:
    """Refuse a body of a type that the route does not read.

    Raises
    ------
    Refusal
    """
    kind = call.headers.get(b"content-type")
    accepted = call.route.content_types
    if kind in accepted:
        return
    plain = kind.partition(b";")[0].strip().lower() if kind else b""
    if plain not in accepted and (plain or not call.route.is_asking):
        kinds = " or ".join(each.decode() for each in accepted)
        raise refused("content-type", "The body is of another type.", "Content-Type", kinds)
