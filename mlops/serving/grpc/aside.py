"""Work on large messages, beside the loop: small ones are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from mlops.serving.nouns import Row
from mlops.serving.refusal import refused

LARGE = 1 << 16  # bytes of a message
AT_ONCE = 100  # rows that are answered by the loop itself; more go to the model process
SLICE = 200  # rows that become JSON in one go, in which no other thread gets on
T = TypeVar("T")


class Aside:
    """One thread: large messages wait for one another, and small ones for none of them."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "large")

    async def run(self, is_large: bool, work: Callable[..., T], *given: Any) -> T:
        """What `work` gives for what it is given, whether it is done here or in the thread."""
        if not is_large:
            return work(*given)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)


def measured(message: Any, counts: Iterable[int]) -> tuple[int, bool]:
    """The bytes of a message, and whether these are many, or it claims many rows.

    Parameters
    ----------
    message : Message
    counts : iterable of int
        How many rows there are, as far as it says.
    """
    size: int = message.ByteSize()
    return size, size > LARGE or max(counts, default=0) > AT_ONCE


def body(names: Sequence[str], rows: Sequence[Row], most: int | None) -> bytes:
    """Rows as the model process reads them.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    rows : sequence of Row
    most : int or None
        Bytes at most, as over HTTP: a message may say in a few what is long as JSON.

    Raises
    ------
    Refusal
        It is larger than that.

    Examples
    --------
    >>> body(["a"], [(1.0,), (2.0,)], 100)
    b'{"rows":[{"a":1.0},{"a":2.0}]}'
    """
    parts, size = [], 0
    for start in range(0, len(rows), SLICE):
        some = [dict(zip(names, row, strict=True)) for row in rows[start : start + SLICE]]
        parts.append(msgspec.json.encode(some)[1:-1])
        size += len(parts[-1])
        if most is not None and size > most:
            says = "These rows are too large; what counts is their size as JSON."
            raise refused("too-large", says, accepted=f"at most {most:,} bytes")
    return b'{"rows":[' + b",".join(parts) + b"]}"
