"""uvicorn's HTTP, but a small request that has come in one piece is answered where it stands.

That saves a task, a scope and four messages a request, which is most of what a small answer costs.
A head that came before, byte for byte, has been read already: what it means is remembered.
Whatever is not as plain as that goes uvicorn's own way, through the app: other addresses, bodies
that are still coming, packed ones, HTTP/1.0, tokens that are wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mlops.serving import faults
from mlops.serving.patience import Patient

if TYPE_CHECKING:
    from mlops.serving.nouns import Reply
    from mlops.serving.routes import Route

LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
JSON = "application/json"
END = b"\r\n\r\n"
MOST_HEADS, LONGEST_HEAD = 512, 2048
Headers = dict[bytes, bytes]
AtOnce = Callable[["Route", Headers, bytes], "tuple[Reply, str, int] | None"]
# What a head means: the route, its headers, and how many bytes are to follow it.
Heads = dict[bytes, "tuple[Route, Headers, int]"]


class Prompt(Patient):
    """HTTP for an app that can answer at once: one with ``prompt``, ``heads`` and ``at_once``.

    ``prompt`` is a dict of the address, as bytes, to its route; ``heads`` is a dict for what is
    remembered; ``at_once(route, headers, body)`` gives reply, request id and version, or None for
    what has to go the other way.
    """

    def __init__(self, config: Any, *more: Any, **keys: Any) -> None:
        super().__init__(config, *more, **keys)
        app = config.app
        self._prompt: dict[bytes, Route] = getattr(app, "prompt", {})
        self._heads: Heads = getattr(app, "heads", {})
        self._at_once: AtOnce | None = getattr(app, "at_once", None)
        self._route: Route | None = None
        self._parts: list[bytes] = []
        self._is_between = True  # two messages, as far as the parser has been fed
        self._last = 0.0
        self._read: list[Any] = []  # route and headers of what was answered just now

    def data_received(self, data: bytes) -> None:
        """Take what has come; of a request that is not whole by now uvicorn takes care."""
        end = data.find(END) + len(END) if self._is_between else 0
        if len(END) <= end <= LONGEST_HEAD:
            known = self._heads.get(data[:end])
            if known is not None and len(data) == end + known[2] and self._is_free():
                self._last = self.loop.time()
                if self._answered(known[0], known[1], data[end:]):
                    self._stay()
                    return
        self._read = []
        super().data_received(data)
        if self._route is not None:
            self._the_other_way()
        elif self._read and end > 0:
            route, headers = self._read
            self._remember(data[:end], route, headers, len(data) - end)

    def _is_free(self) -> bool:
        """Whether nothing is under way on this connection."""
        cycle = self.cycle
        if (cycle is not None and not cycle.response_complete) or self.flow.write_paused:
            return False
        return not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """A message begins."""
        self._is_between = False
        super().on_message_begin()

    def on_headers_complete(self) -> Any:
        """Put a request aside that may be answered as soon as it is whole."""
        route = self._prompt.get(self.url)
        if route is None or not self._is_plain(route):
            return super().on_headers_complete()
        self._route = route
        self._in_head = False
        if self._late is not None:
            self._on_time()
        return None

    def _is_plain(self, route: Route) -> bool:
        parser = self.parser
        return (
            self._is_free()
            and not self.expect_100_continue
            and parser.get_method() == route.method.encode()
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def on_body(self, body: bytes) -> None:
        """Gather."""
        if self._route is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Answer, if that can be done at once."""
        self._is_between = True
        route, parts = self._route, self._parts
        if route is None:
            super().on_message_complete()
            return
        headers, body = dict(self.headers), b"".join(parts)
        if not self._answered(route, headers, body):
            self._the_other_way()
            super().on_message_complete()
            return
        self._route, self._parts = None, []
        self._read = [route, headers]
        self.on_response_complete()

    def _answered(self, route: Route, headers: Headers, body: bytes) -> bool:
        """Whether the answer could be sent."""
        try:
            found = self._at_once(route, headers, body) if self._at_once else None
        except Exception:  # a fault of ours, which the other way can tell of
            faults.log("a request was not answered at once")
            return False
        if found is None:
            return False
        self.transport.write(response(*found))
        return True

    def _remember(self, head: bytes, route: Route, headers: Headers, length: int) -> None:
        """Keep what a head means, if all that came was one message, and it may come again."""
        is_whole = headers.get(b"content-length") == b"%d" % length
        if is_whole and len(head) <= LONGEST_HEAD and b"x-request-id" not in headers:
            if len(self._heads) >= MOST_HEADS:
                self._heads.clear()
            self._heads[head] = (route, headers, length)

    def _stay(self) -> None:
        """Keep the connection alive, as uvicorn does after an answer, with one timer for many."""
        self.server_state.total_requests += 1
        if self._late is not None:
            self._on_time()
        if self.timeout_keep_alive_task is None:
            later = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
            self.timeout_keep_alive_task = later

    def timeout_keep_alive_handler(self) -> None:
        """Close what has been idle; what was asked something since is given its time again."""
        left = self._last + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            later = self.loop.call_later(left, self.timeout_keep_alive_handler)
            self.timeout_keep_alive_task = later

    def _the_other_way(self) -> None:
        """Hand over to uvicorn what has come so far."""
        parts = self._parts
        self._route, self._parts = None, []
        if self.transport.is_closing():
            return
        super().on_headers_complete()
        for part in parts:
            super().on_body(part)


def response(reply: Reply, request_id: str, version: int) -> bytes:
    r"""An answer as it is sent.

    >>> from mlops.serving.nouns import Reply
    >>> response(Reply(200, b"{}"), "a-1", 3).split(b"\r\n")[0]
    b'HTTP/1.1 200 OK'
    """
    body, kind = reply.body, reply.content_type
    parts = [
        LINES[reply.status],
        b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
        if kind == JSON
        else b"content-type: %s\r\ncontent-length: %d\r\n" % (kind.encode(), len(body)),
        b"x-request-id: %s\r\nx-model-version: %d\r\n" % (request_id.encode(), version),
    ]
    parts += [b"%s: %s\r\n" % header for header in reply.headers]
    parts += [b"\r\n", body]
    return b"".join(parts)
