"""Messages between the processes of one server: whole objects, each behind its length.

Only the supervisor and a process that it has started itself hold the two ends of such a wire, so
what comes through it may be any object of ours. What travels over a socket that has a name, where
somebody else might listen, is plain data instead: see :mod:`mlops.serving.bench`.
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the supervisor goes without it
    import asyncio

HEAD = struct.Struct("!I")
AT_ONCE, MOST_AT_ONCE = 1 << 16, 1 << 18  # where all there is has to be heard; and of one message


def framed(content: bytes) -> bytes:
    r"""`content` behind its length.

    >>> framed(b"abc")
    b'\x00\x00\x00\x03abc'
    """
    return HEAD.pack(len(content)) + content


def packed(message: Any) -> bytes:
    """A message as it travels."""
    return framed(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


class Incoming:
    """What has arrived of a stream of messages.

    Examples
    --------
    >>> incoming = Incoming()
    >>> sent = packed(("ready", 1)) + packed("more")
    >>> list(incoming.fed(sent[:30])), list(incoming.fed(sent[30:]))
    ([('ready', 1)], ['more'])
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def fed(self, arrived: bytes) -> Iterator[Any]:
        """The messages that are whole now."""
        self._rest += arrived
        while len(self._rest) >= HEAD.size:
            end = HEAD.size + HEAD.unpack_from(self._rest)[0]
            if len(self._rest) < end:
                return
            content = bytes(self._rest[HEAD.size : end])
            del self._rest[:end]
            yield pickle.loads(content)  # noqa: S301 - we hold the other end, see above


def received(wire: socket.socket) -> Any:
    """The next message.

    Raises
    ------
    EOFError
        There is nobody at the other end any more.
    """
    return pickle.loads(content(wire))  # noqa: S301 - we hold the other end, see above


async def frame(reader: asyncio.StreamReader) -> bytes:
    """The content of the next frame.

    Raises
    ------
    EOFError
        There is nobody at the other end any more.
    """
    try:
        (size,) = HEAD.unpack(await reader.readexactly(HEAD.size))
        return await reader.readexactly(size)
    except OSError as error:
        raise EOFError from error


async def message(reader: asyncio.StreamReader) -> Any:
    """The next message.

    Raises
    ------
    EOFError
        There is nobody at the other end any more.
    """
    return pickle.loads(await frame(reader))  # noqa: S301 - we hold the other end, see above


def content(wire: socket.socket) -> bytes:
    """The content of the next frame.

    Raises
    ------
    EOFError
        There is nobody at the other end any more.
    """
    (size,) = HEAD.unpack(_exactly(wire, HEAD.size))
    return _exactly(wire, size)


def _exactly(wire: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        try:
            arrived = wire.recv(min(size - len(found), MOST_AT_ONCE))
        except OSError as error:
            raise EOFError from error
        if not arrived:
            raise EOFError
        found += arrived
    return bytes(found)
