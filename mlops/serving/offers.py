"""Offers to go on in another protocol, which this server passes over.

``curl --http2`` and Java's own client put ``Upgrade: h2c`` into whatever they ask. To the parser
what comes behind such a head is no HTTP any more: the body would be lost, and then be read as the
next request. So the head is read once more, without the offer.
"""

from __future__ import annotations

from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser


class Unmoved(HttpRequestParser):
    """A parser that stays with HTTP.

    Parameters
    ----------
    protocol : object
        What is called back, with the ``url`` and the ``headers`` of what was read last. It has to
        let pass a head, and the end that comes at once behind it, while ``should_upgrade()``.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._begin()

    def _begin(self) -> None:
        """Know nothing of what came before."""
        super().__init__(self._protocol)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own

    def feed_data(self, data: Any) -> None:
        """Read on.

        Raises
        ------
        HttpParserError
            It is no HTTP, or can be nothing but another protocol.
        """
        rest = memoryview(data)
        while True:
            try:
                super().feed_data(rest)
                return
            except HttpParserUpgrade as offer:
                rest = rest[offer.args[0] :]
            head = self._without_offer()
            self._begin()  # it may have been the last one that was to come
            super().feed_data(head)

    def _without_offer(self) -> bytes:
        """The head that was read last."""
        if (method := self.get_method()) == b"CONNECT":
            raise HttpParserError("this is no proxy")
        headers = (each for each in self._protocol.headers if each[0] != b"upgrade")
        lines = [b"%s %s HTTP/%s" % (method, self._protocol.url, self.get_http_version().encode())]
        lines += [b"%s: %s" % header for header in headers]
        return b"\r\n".join([*lines, b"", b""])
