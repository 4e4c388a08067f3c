"""Which version answers which request, in one process: what its app sees of the whole server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from mlops.core.errors import MlopsError, Problem, fail
from mlops.core.serving import Spec
from mlops.serving.admission import Gone
from mlops.serving.nouns import Reply, Served, Stamp
from mlops.serving.settings import Settings
from mlops.serving.shadow import Shadow
from mlops.serving.shipping import Shipping
from mlops.serving.table import CANARY, MAIN, SHADOW, Table

WHOLE = 1 << 32
ADMIN_S = 10.0


@dataclass(frozen=True)
class _Now:
    """A table with the versions themselves."""

    table: Table
    main: Served | None = None
    canary: Served | None = None
    below: int = 0  # of 2**32: the canary's
    called: Mapping[str | int, tuple[Served, str]] = field(default_factory=dict)


class Traffic:
    """The versions that one process serves.

    Parameters
    ----------
    spec : Spec
    index : int
        Of this process; its successor has the same.
    folder : pathlib.Path
        The server's private one.
    tell : callable
        Sends a message to the supervisor.
    """

    def __init__(
        self, spec: Spec, index: int, folder: Path, tell: Callable[..., None] = lambda *_: None
    ) -> None:
        self.settings = Settings.of(spec.settings)
        self.model, self.index, self.folder = spec.model, index, folder
        self._tell, self._now = tell, _Now(Table())
        self._served: dict[int, Served] = {}
        self._benches: dict[int, Shipping] = {}
        self._held: Counter[int] = Counter()
        self._freed = asyncio.Event()
        self._shadow = Shadow()
        self._untold: set[int] = set()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    # What an app asks.

    @property
    def is_ready(self) -> bool:
        """Whether there is a version that answers."""
        return self._now.main is not None

    @property
    def is_mirrored(self) -> bool:
        """Whether somebody in the shadow gets copies."""
        return self._shadow.bench is not None

    @property
    def shadow_counts(self) -> dict[str, int]:
        """``compared``, ``differed``, ``dropped`` and ``failed`` since the start."""
        return self._shadow.counts

    def choose(self, request_id: str) -> tuple[Served, str]:
        """Who answers, and in which role; the same id has the same answerer.

        Only when this is ready.
        """
        now = self._now
        if now.below and crc32(request_id.encode()) < now.below and now.canary is not None:
            return now.canary, CANARY
        assert now.main is not None
        return now.main, MAIN

    def named(self, called: str | int) -> tuple[Served, str] | None:
        """The version of that number or name, and its role; None if it answers nobody."""
        return self._now.called.get(int(called) if str(called).isdecimal() else called)

    def serving(self) -> list[tuple[Served, str]]:
        """Versions that answer, the main one first."""
        found = [(self._now.main, MAIN), (self._now.canary, CANARY)]
        return [(served, role) for served, role in found if served is not None]

    @contextmanager
    def held(self, served: Served) -> Iterator[None]:
        """Keep a version at hand until what it was chosen for is answered."""
        self._held[served.version] += 1
        try:
            yield
        finally:
            self._held[served.version] -= 1
            self._freed.set()

    async def ship(
        self, served: Served, route: str, headers: dict[bytes, bytes], body: bytes, stamp: Stamp
    ) -> Reply:
        """Have a request answered by the model process.

        Raises
        ------
        Busy, Gone, TimeoutError
            As :meth:`mlops.serving.shipping.Shipping.ask`.
        """
        bench = self._benches.get(served.version)
        if bench is None:  # chosen so long ago that it is no more served
            raise Gone
        with self.held(served):
            return await bench.ask(route, headers, body, stamp)

    def mirror(
        self,
        served: Served,
        route: str,
        headers: dict[bytes, bytes],
        body: bytes,
        stamp: Stamp,
        reply: Reply,
    ) -> None:
        """Take note of a request whose answer was sent."""
        if self._untold and reply.status == 200 and served.version in self._untold:
            self._untold.discard(served.version)
            self._tell("first", served.version)
        if self._shadow.bench is not None:
            busy = self._benches[served.version].under_way if served.version in self._benches else 0
            self._shadow.mirror(route, headers, body, stamp, reply, is_busy=busy > 0)

    async def admin(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Have the supervisor do something for whoever may ask it.

        Raises
        ------
        MlopsError
            It refuses, and why.
        """
        number = max(self._asked, default=0) + 1
        self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self._tell("admin", number, verb, payload)
            async with asyncio.timeout(ADMIN_S):
                return await self._asked[number]
        except TimeoutError:
            raise fail(
                "no-answer",
                "The supervisor does not answer.",
                where=f"admin, {verb}",
                found=f"nothing for {ADMIN_S:.0f} s",
                accepted="an answer",
                next_step="mlops serve status",
                exit_code=4,
            ) from None
        finally:
            del self._asked[number]

    # What the supervisor says.

    def take(self, served: Served, bench: str) -> None:
        """Have a version at hand, whether it answers already or not; or its new bench."""
        version = served.version
        self._served[version] = served
        if version not in self._benches:
            most, timeout_s = self.settings.queue, self.settings.timeout_s
            self._benches[version] = Shipping(most=most, timeout_s=timeout_s)
        self._benches[version].to(bench)

    def rebench(self, version: int, bench: str) -> None:
        """Another model process stands in for one that died."""
        if version in self._benches:
            self._benches[version].to(bench)

    def switch(self, table: Table) -> None:
        """Let other versions answer, from the next request on."""
        if table.generation == self._now.table.generation:
            return
        before = set(self._now.table.numbers.items())
        self._untold |= {number for role, number in set(table.numbers.items()) - before}
        have = {role: self._served[number] for role, number in table.numbers.items()}
        called: dict[str | int, tuple[Served, str]] = {}
        for role in (MAIN, CANARY):
            if role in have:
                called[have[role].version] = (have[role], role)
        for name, number in table.names.items():
            if number in called:
                called[name] = called[number]
        shadow = table.numbers.get(SHADOW)
        self._shadow.bench = None if shadow is None else self._benches[shadow]
        below = int(table.share * WHOLE) if CANARY in have else 0
        self._now = _Now(table, have.get(MAIN), have.get(CANARY), below, called)

    async def drop(self, version: int) -> None:
        """Have a version no more at hand, when its last request is answered."""
        self._served.pop(version, None)
        while self._held[version]:
            self._freed.clear()
            await self._freed.wait()
        del self._held[version]
        bench = self._benches.pop(version, None)
        if bench is not None:
            await bench.end()

    def answered(self, number: int, problem: dict[str, Any] | None, found: dict[str, Any]) -> None:
        """What the supervisor says to an admin's question."""
        waiting = self._asked.get(number)
        if waiting is None or waiting.done():
            return
        if problem is None:
            waiting.set_result(found)
        else:
            waiting.set_exception(MlopsError(Problem(**problem)))
