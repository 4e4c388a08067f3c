"""Between gRPC and a call: headers, tokens, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import grpc

from mlops.serving import faults
from mlops.serving.admission import busy
from mlops.serving.app import App
from mlops.serving.grpc.calls import Call, Calls
from mlops.serving.grpc.messages import message
from mlops.serving.nouns import Reply
from mlops.serving.refusal import Refusal, refused

FAULT = refused("failed", "The model could not answer; the server's log says why.")
WARNINGS, LONGEST = "x-warnings-bin", 4096
OTHERS = grpc.StatusCode.INVALID_ARGUMENT
STATUS = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


def handler(
    calls: Calls, name: str, answered: Callable[[Any, Call], Awaitable[Any]], asks: str, gives: str
) -> Any:
    """What gRPC calls for one method."""
    app = calls.app

    async def handle(request: Any, context: Any) -> Any:
        headers = _headers(context)
        call = Call(name, app.ids.of(headers))
        reply, refusal = None, None
        try:
            app.auth.check(headers)
            reply = await answered(request, call)
        except Refusal as error:
            refusal = error
        except Exception:  # a fault of the model or of ours
            faults.log(f"request {call.request_id} was not answered")
            refusal = FAULT
        await _end(app, call, context, refusal)
        return reply

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=message(asks).FromString,
        response_serializer=message(gives).SerializeToString,
    )


def refuser(calls: Calls, name: str) -> Any:
    """What gRPC calls for one method when too many calls are under way; it reads no message."""
    app = calls.app

    async def refuse(_: Any, context: Any) -> None:
        await _end(app, Call(name, app.ids.of(_headers(context))), context, busy())

    return grpc.stream_unary_rpc_method_handler(refuse)


def _headers(context: Any) -> dict[bytes, bytes]:
    return {
        key.encode(): value.encode() if isinstance(value, str) else value
        for key, value in context.invocation_metadata() or ()
    }


async def _end(app: App, call: Call, context: Any, refusal: Refusal | None) -> None:
    """Count a call, and tell the caller what became of it."""
    if refusal is not None:
        call.reply = Reply(refusal.status, b"", code=refusal.code)
    version = call.served.version if call.served else 0
    app.metrics.seen(call.route, call.reply, perf_counter() - call.began, version)
    context.set_trailing_metadata(_trailing(call))
    if refusal is not None:
        await context.abort(STATUS.get(refusal.status, OTHERS), str(refusal))


def _trailing(call: Call) -> tuple[tuple[str, str | bytes], ...]:
    told: list[tuple[str, str | bytes]] = [("x-request-id", call.request_id)]
    if call.served:
        told.append(("x-model-version", str(call.served.version)))
    if call.reply.warnings:  # in bytes, as a name may be in any language, and as many as fit
        told.append((WARNINGS, " · ".join(call.reply.warnings).encode()[:LONGEST]))
    return tuple(told)
