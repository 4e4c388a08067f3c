"""A version in the shadow: it gets copies of requests, and its answers are only compared."""

from __future__ import annotations

import asyncio
from typing import Any

from mlops.serving.admission import Busy, Gone
from mlops.serving.nouns import Answers, Reply, Stamp
from mlops.serving.shipping import Shipping
from mlops.serving.table import SHADOW

MOST = 8  # copies under way in one process
CLOSE = 1e-9  # relative


class Shadow:
    """Copies of what one process answered.

    Attributes
    ----------
    bench : Shipping or None
        The way to the version in the shadow; None where there is none.
    counts : dict of str to int
        ``compared``, ``differed`` (of those), ``dropped`` (under load) and ``failed`` (answered
        by one of the two only), since the start.
    """

    def __init__(self) -> None:
        self.bench: Shipping | None = None
        self.counts = dict.fromkeys(("compared", "differed", "dropped", "failed"), 0)
        self._tasks: set[asyncio.Task[None]] = set()

    def mirror(
        self,
        route: str,
        headers: dict[bytes, bytes],
        body: bytes,
        stamp: Stamp,
        reply: Reply,
        *,
        is_busy: bool = False,
    ) -> None:
        """Send a copy, unless there is more to do than that.

        Parameters
        ----------
        reply : Reply
            What was answered.
        is_busy : bool
            Whether requests wait for the version that answers.
        """
        if self.bench is None:
            return
        if is_busy or len(self._tasks) >= MOST:
            self.counts["dropped"] += 1
            return
        copy = Stamp(stamp.request_id, SHADOW)
        task = asyncio.create_task(self._compare(self.bench, route, headers, body, copy, reply))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _compare(
        self,
        bench: Shipping,
        route: str,
        headers: dict[bytes, bytes],
        body: bytes,
        stamp: Stamp,
        reply: Reply,
    ) -> None:
        try:
            other = await bench.ask(route, headers, body, stamp)
        except (Busy, Gone, TimeoutError):
            self.counts["dropped"] += 1
            return
        if reply.answers is None and other.answers is None:
            return  # neither takes it
        if reply.answers is None or other.answers is None:
            self.counts["failed"] += 1
            return
        self.counts["compared"] += 1
        alike = reply.count == other.count and same(reply.answers, other.answers)
        self.counts["differed"] += not alike


def same(one: Answers, other: Answers) -> bool:
    """Whether two versions say the same of the rows that both tell of.

    >>> same(Answers([1.0, 2.0]), Answers([1.0, 2.0 + 1e-12])), same(Answers(["a"]), Answers(["b"]))
    (True, False)
    """
    return all(map(_alike, one.values, other.values))


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= CLOSE * max(abs(one), abs(other), 1.0)
    return bool(one == other)
