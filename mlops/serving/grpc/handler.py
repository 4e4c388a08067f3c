"""Between gRPC and a call: headers, tokens, and how a refusal is told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from mlops.serving.app import App
from mlops.serving.grpc.calls import Call, Calls
from mlops.serving.grpc.messages import message
from mlops.serving.nouns import Reply
from mlops.serving.refusal import Refusal, refused

FAULT = refused("failed", "The model could not answer; the server's log says why.")
_LOG = logging.getLogger("mlops.serving")
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
        headers = {
            key.encode(): value.encode() if isinstance(value, str) else value
            for key, value in context.invocation_metadata() or ()
        }
        call = Call(name, app.ids.of(headers))
        try:
            app.auth.check(headers)
            reply = await answered(request, call)
        except Refusal as error:
            refusal = error
        except Exception:  # a fault of the model or of ours; its text may hold what was sent
            _LOG.exception("request %s was not answered", call.request_id)
            refusal = FAULT
        else:
            context.set_trailing_metadata(_trailing(call))
            return reply
        _seen(app, call, refusal)
        context.set_trailing_metadata(_trailing(call))
        return await context.abort(STATUS.get(refusal.status, OTHERS), str(refusal))

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=message(asks).FromString,
        response_serializer=message(gives).SerializeToString,
    )


def _seen(app: App, call: Call, refusal: Refusal) -> None:
    reply = Reply(refusal.status, b"", code=refusal.code)
    app.metrics.seen(call.route, reply, 0.0, call.served.version if call.served else 0)


def _trailing(call: Call) -> tuple[tuple[str, str], ...]:
    version = (("x-model-version", str(call.served.version)),) if call.served else ()
    return (("x-request-id", call.request_id), *version)
