"""How long, and how large, the head of a request may be; what comes behind it, the app sees to."""

from __future__ import annotations

from asyncio import BaseTransport, TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlops.serving.offers import Unmoved

HEAD_S, HEAD_BYTES = 10.0, 1 << 16
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Patient(HttpToolsProtocol):
    """HTTP that hangs up on whoever does not get on with the head of a request.

    It has as long as the app's ``settings`` give a request, and ten seconds at most.
    """

    _in_head, _arrived = False, 0
    _late: TimerHandle | None = None

    def __init__(self, config: Any, *more: Any, **keys: Any) -> None:
        super().__init__(config, *more, **keys)
        settings = getattr(config.app, "settings", None)
        self._head_s = min(HEAD_S, settings.timeout_s) if settings else HEAD_S
        self.parser = Unmoved(self)

    def connection_made(self, transport: BaseTransport) -> None:
        """Give the first head its time."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._late = self.loop.call_later(self._head_s, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._on_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not whole yet, and wait for nothing for ever."""
        super().data_received(data)
        if self._in_head:
            self._arrived += len(data)
            if self._arrived > HEAD_BYTES:
                self.transport.write(TOO_LARGE)
                self.transport.close()
            elif self._late is None:
                self._late = self.loop.call_later(self._head_s, self._hang_up)
        elif self._is_forgotten():
            self._late = self.loop.call_later(self._head_s, self._hang_up)

    def _is_forgotten(self) -> bool:
        """Whether nobody waits for what is still to come: it was answered before it was whole."""
        is_answered = self.cycle is not None and self.cycle.response_complete
        return is_answered and self.timeout_keep_alive_task is None and self._late is None

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._arrived = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> Any:
        """It is whole."""
        if self.parser.should_upgrade():  # it will be read again
            return None
        self._in_head = False
        if self._late is not None:
            self._on_time()
        return super().on_headers_complete()

    def on_message_complete(self) -> None:
        """So is all of it."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _on_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _hang_up(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.abort()
