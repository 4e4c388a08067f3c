"""uvicorn's HTTP, but a small request that has come in one piece is answered where it stands.

That saves a task, a scope and four messages a request, which is most of what a small answer costs.
Whatever is not as plain as that goes uvicorn's own way, through the app: other addresses, bodies
that are still coming, packed ones, HTTP/1.0, tokens that are wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mlops.serving.patience import Patient

if TYPE_CHECKING:
    from mlops.serving.nouns import Reply
    from mlops.serving.routes import Route

LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
JSON = "application/json"
AtOnce = Callable[["Route", dict[bytes, bytes], bytes], "tuple[Reply, str, int] | None"]


class Prompt(Patient):
    """HTTP for an app that can answer at once: one with ``prompt`` and ``at_once``.

    ``prompt`` is a dict of the address, as bytes, to its route; ``at_once(route, headers, body)``
    gives reply, request id and version, or None for what has to go the other way.
    """

    def __init__(self, config: Any, *more: Any, **keys: Any) -> None:
        super().__init__(config, *more, **keys)
        app = config.app
        self._prompt: dict[bytes, Route] = getattr(app, "prompt", {})
        self._at_once: AtOnce | None = getattr(app, "at_once", None)
        self._route: Route | None = None
        self._parts: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        """Take what has come; of a request that is not whole by now uvicorn takes care."""
        super().data_received(data)
        if self._route is not None:
            self._the_other_way()

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
        parser, cycle = self.parser, self.cycle
        return (
            (cycle is None or cycle.response_complete)
            and not self.expect_100_continue
            and not self.flow.write_paused
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
        route = self._route
        if route is None or self._at_once is None:
            super().on_message_complete()
            return
        parts = self._parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        try:
            found = self._at_once(route, dict(self.headers), body)
        except Exception:  # a fault of ours, which the other way can tell of
            self.logger.exception("not answered at once")
            found = None
        if found is None:
            self._the_other_way()
            super().on_message_complete()
            return
        self._route, self._parts = None, []
        self.transport.write(response(*found))
        self.on_response_complete()

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
