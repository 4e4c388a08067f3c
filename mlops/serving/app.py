"""The server as an ASGI application: routing, admission, answers, and what is kept of them."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from time import perf_counter
from typing import Any

from mlops.serving import answer, faults, limits, shown
from mlops.serving.admission import Admission, Busy, Gone, busy
from mlops.serving.auth import Auth
from mlops.serving.calls import Call, Disconnected, Ids, check_kind, check_length
from mlops.serving.distribution import Distribution
from mlops.serving.feedback import labels
from mlops.serving.metrics import Metrics
from mlops.serving.nouns import Reply, Served, Stamp
from mlops.serving.prepared import forget, prepare
from mlops.serving.prompt import Heads
from mlops.serving.refusal import Refusal, refused
from mlops.serving.request_log import RequestLog
from mlops.serving.routes import POST, Route, Routes

TICK_S = 0.2
RETRY_S = 1
LONGEST_NAME = 64


class App:
    """What uvicorn runs in every worker.

    Parameters
    ----------
    state : object
        Says which version answers (``choose``, ``named``, ``serving``), asks the model process
        (``ship``), mirrors to a shadow, and knows settings and admin verbs; see
        :class:`mlops.serving.traffic.Traffic`.
    """

    def __init__(self, state: Any) -> None:
        self.state, self.settings = state, state.settings
        self.auth, self.ids = Auth(state.settings), Ids()
        self.routes = Routes(state.model)
        self.admission = Admission(state.settings.queue, state.settings.max_bytes)
        self.metrics = Metrics(Path(state.folder) / "metrics", state.index)
        self.log = RequestLog(Path(state.folder), state.settings, self.metrics)
        self.prompt = {
            path.encode(): route for path, route in self.routes.fixed.items() if route.is_asking
        }
        self.heads: Heads = {}
        self.calls: set[Call] = set()
        self._ticking: asyncio.Task[None] | None = None

    def served(self, served: Served) -> None:
        """Make ready for `served`, which may be chosen from now on."""
        prepare(served, self.settings)
        self.metrics.knows(served.version, Distribution(served))

    def dropped(self, version: int) -> None:
        """`version` is chosen no more; its counts stay."""
        forget(version)
        self.metrics.forgets(version)

    async def start(self) -> None:
        """Begin to look after slow requests, metrics and log; once the loop runs."""
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Write what is still to be written."""
        if self._ticking:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        await self.log.close()
        self.metrics.queue = 0
        self.metrics.flush()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self._look_after()
            except Exception:  # whatever it is, the next round is due all the same
                faults.log("metrics or log were not written")

    async def _look_after(self) -> None:
        self._end_slow_calls()
        self.metrics.queue = max(len(self.calls), self.admission.shipped)  # gRPC has its own
        self.metrics.keep_up("shadow_", self.state.shadow_counts)
        await self.log.flush()
        self.metrics.flush()

    def _end_slow_calls(self) -> None:
        since = perf_counter() - self.settings.timeout_s
        for call in [call for call in self.calls if call.began < since and not call.is_late]:
            call.is_late = True
            if call.task is not None:
                call.task.cancel()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _of_another_kind(scope, receive, send)
            return
        headers = dict(scope["headers"])
        call = Call(scope, receive, send, headers, self.ids.of(headers))
        self.calls.add(call)
        try:
            await self._respond(call)
        except Disconnected:
            self.metrics.count("disconnected")
        finally:
            self.calls.discard(call)

    async def _respond(self, call: Call) -> None:
        try:
            self._let_in(call)
            if call.route.is_asking:
                await self._ask(call)
                return
            reply = await self._show(call)
        except Disconnected:
            raise
        except Refusal as refusal:
            reply = self._refused(call, refusal)
        except asyncio.CancelledError:
            if not call.is_late:
                raise
            reply = self._refused(call, _late(call))
        except Exception:  # a fault of ours
            faults.log(f"request {call.request_id} failed")
            reply = self._refused(call, refused("failed", "The server could not do this."))
        if call.is_answered:
            return
        await call.answer(reply)
        self.metrics.seen(call.route.name, reply, perf_counter() - call.began, call.version)

    def _refused(self, call: Call, refusal: Refusal) -> Reply:
        version = call.version or None
        reply = answer.refuse(call.route.protocol, refusal, call.request_id, version)
        if refusal.code == "not-allowed":
            reply.headers = ((b"allow", call.route.method.encode()),)
        if refusal.code == "unauthorized":
            reply.headers = ((b"www-authenticate", b"Bearer"),)
        return reply

    def _let_in(self, call: Call) -> None:
        """Route, method, token, type and size: all that is known before the body is read."""
        route = self.routes.find(call.path)
        if route is None:
            raise refused(
                "not-found", "There is nothing at this address.", accepted="/openapi.json"
            )
        call.route = route
        is_head = call.method == "HEAD" and route.method == "GET"
        if call.method != route.method and not is_head:
            raise refused("not-allowed", "This method is not for this address.", "", route.method)
        if route.name.startswith("admin"):
            self.auth.check_admin(call.headers)
        elif not route.is_open:
            self.auth.check(call.headers)
        if route.method == POST:
            check_kind(call)
            check_length(call, self.settings.max_bytes)

    async def _ask(self, call: Call) -> None:
        """A prediction: at once where that takes no time, else by the model process."""
        self.admission.enter()
        self._check_ready()
        body = await call.body(self.admission, self.settings.max_bytes)
        if encoding := call.headers.get(b"content-encoding"):
            limits.check_packed(body, encoding, self.settings.max_bytes)
        served, role = self.chosen(call)  # only now: a slow sender may have slept through a swap
        call.version = served.version
        name, stamp = call.route.name, Stamp(call.request_id, role)
        program = answer.quick(call.headers, body, prepare(served, self.settings))
        if program is not None:
            reply = answer.answer(name, call.headers, body, served, program, stamp, self.settings)
        else:
            reply = await self._shipped(call, served, body, stamp)
        await call.answer(reply)
        self._note(call.began, name, served, stamp, reply)
        self.state.mirror(served, name, call.headers, body, stamp, reply)

    def at_once(
        self, route: Route, headers: dict[bytes, bytes], body: bytes
    ) -> tuple[Reply, str, int] | None:
        """The answer to a request that has come whole, if it is plain and small.

        Returns
        -------
        tuple of Reply, str and int, or None
            Reply, request id and version; None for what has to go through :meth:`__call__`.
        """
        state, began = self.state, perf_counter()
        if not (state.is_ready and self.admission.has_room() and self.auth.lets_in(headers)):
            return None
        if headers.get(b"content-type") not in route.content_types:
            return None
        request_id = self.ids.of(headers)
        served, role = state.choose(request_id)
        prepared = prepare(served, self.settings)
        program = answer.quick(headers, body, prepared)
        if program is None:
            return None
        self.admission.enter()
        name, stamp = route.name, Stamp(request_id, role)
        reply = answer.answered(name, headers, body, prepared, program, stamp)
        self._note(began, name, served, stamp, reply)
        state.mirror(served, name, headers, body, stamp, reply)
        return reply, request_id, served.version

    def _note(self, began: float, name: str, served: Served, stamp: Stamp, reply: Reply) -> None:
        """Count and log what was answered."""
        seconds = perf_counter() - began
        self.metrics.seen(name, reply, seconds, served.version)
        if reply.count:
            self.log.append(name, served, stamp, reply, seconds)

    def chosen(self, call: Call) -> tuple[Served, str]:
        """Who answers, and in which role.

        Raises
        ------
        Refusal
            Nobody yet, or not whom the address names.
        """
        self._check_ready()
        if not call.route.called:
            chosen: tuple[Served, str] = self.state.choose(call.request_id)
            return chosen
        is_name = len(call.route.called) <= LONGEST_NAME
        named = self.state.named(call.route.called) if is_name else None
        if named is None:
            raise refused("not-found", "This version is not served.", accepted="/ready")
        found: tuple[Served, str] = named
        return found

    def _check_ready(self) -> None:
        if not self.state.is_ready:
            raise refused("not-ready", "No version is ready yet.", retry_s=RETRY_S)

    async def _shipped(self, call: Call, served: Served, body: bytes, stamp: Stamp) -> Reply:
        name = call.route.name
        try:
            with self.admission.ship(len(body)):
                reply: Reply = await self.state.ship(served, name, call.headers, body, stamp)
            return reply
        except Busy:
            raise busy() from None
        except Gone:
            says = "The model is being started again."
            raise refused("unavailable", says, retry_s=RETRY_S) from None
        except TimeoutError:
            raise _late(call) from None

    async def _show(self, call: Call) -> Reply:
        """Everything that is no prediction."""
        if call.route.name == "feedback":
            self._check_ready()
            body = await call.body(self.admission, self.settings.max_bytes)
            encoding, most = call.headers.get(b"content-encoding", b""), self.settings.max_bytes
            body = limits.inflated(body, encoding, most)
            schemas = [served.schema for served, _ in self.state.serving()]
            return await self.log.keep(labels(body, self.settings, schemas))
        if call.route.name.startswith("admin"):
            return await shown.admin(self, call)
        return shown.PAGES[call.route.name](self, call)


def _late(call: Call) -> Refusal:
    if call.is_read:
        return refused("timeout", "The model took too long.", retry_s=RETRY_S)
    return refused("slow", "The request took too long to arrive.")


async def _of_another_kind(scope: Any, receive: Any, send: Any) -> None:
    """Lifespan is taken note of; there are no web sockets."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
