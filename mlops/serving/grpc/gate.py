"""Who is let in over gRPC: calls beyond a bound are refused, and counted, with nothing read."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc


class Gate(grpc.GenericRpcHandler):  # type: ignore[misc]
    """The methods that the server finds, or in their place those that refuse.

    gRPC has a bound of its own, beyond which it refuses without telling anybody.

    Parameters
    ----------
    methods : dict of str to tuple
        By full name: who answers, and who refuses.
    most : int
        Calls that may be under way at the same time, those that are still being sent among them.
    """

    def __init__(self, methods: dict[str, tuple[Any, Any]], most: int) -> None:
        self._methods, self._most = methods, most
        self._under_way: set[Any] = set()

    def service(self, handler_call_details: Any) -> Any:
        """Called by gRPC in the task of the call, before its message is read."""
        answering, refusing = self._methods.get(handler_call_details.method, (None, None))
        if len(self._under_way) >= self._most:
            return refusing
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return answering
