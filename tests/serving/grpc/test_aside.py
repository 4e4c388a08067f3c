"""A large message is worked on beside the loop, which goes on answering small ones."""

from __future__ import annotations

import asyncio
import json
import threading

import grpc
import pytest

from mlops.serving.app import App
from mlops.serving.grpc import aside
from mlops.serving.grpc.calls import Calls
from mlops.serving.grpc.gate import Gate
from mlops.serving.grpc.messages import DTYPES, message
from mlops.serving.grpc.process import PREDICTION, methods
from mlops.serving.refusal import Refusal
from mlops.serving.settings import Settings
from tests.serving.http.conftest import until
from tests.serving.http.state import EXAMPLE, State

LONG_S = 60  # nobody waits so long on a quiet machine
LARGE = 20 * aside.AT_ONCE


class Door:
    """The services of one app on a real port, on a loop of their own."""

    def __init__(self, state: State) -> None:
        self.state, self.up, self.ended = state, threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))

    async def _serve(self) -> None:
        app = App(self.state)
        for served, _ in self.state.serving():
            app.served(served)
        self.loop, self.calls = asyncio.get_running_loop(), Calls(app)
        server = grpc.aio.server()
        self.gate = Gate(methods(self.calls), 2 * self.state.settings.queue)
        server.add_generic_rpc_handlers((self.gate,))
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        self.up.set()
        await self.ended.wait()
        await server.stop(None)

    def __enter__(self) -> Door:
        self._thread.start()
        assert self.up.wait(LONG_S)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        self.loop.call_soon_threadsafe(self.ended.set)
        self._thread.join()

    def predict(self, rows: int) -> grpc.Future:
        """Ask for so many rows."""
        request = message("PredictRequest")()
        request.model_spec.name = self.state.model
        for name, value in EXAMPLE.items():
            made = request.inputs[name]
            made.tensor_shape.dim.add(size=rows)
            if isinstance(value, str):
                made.dtype = DTYPES["DT_STRING"]
                made.string_val.extend([value.encode()] * rows)
            else:
                made.dtype = DTYPES["DT_DOUBLE"]
                made.double_val.extend([value] * rows)
        call = self.channel.unary_unary(
            f"/{PREDICTION}/Predict",
            request_serializer=message("PredictRequest").SerializeToString,
            response_deserializer=message("PredictResponse").FromString,
        )
        return call.future(request, timeout=LONG_S)


def test_small_messages_are_answered_while_a_large_one_is_worked_on(tmp_path):
    with Door(State(tmp_path)) as door:
        going_on = threading.Event()
        working = threading.Event()

        def work():
            working.set()
            assert going_on.wait(LONG_S)

        held = asyncio.run_coroutine_threadsafe(door.calls.aside.run(True, work), door.loop)
        assert working.wait(LONG_S)
        large = door.predict(LARGE)
        small = [door.predict(1).result() for _ in range(20)]
        assert not large.done()
        going_on.set()
        held.result(LONG_S)
        values = large.result().outputs["prediction"].double_val
    assert list(values) == LARGE * list(small[0].outputs["prediction"].double_val)


def test_more_calls_than_may_be_under_way_are_refused_and_counted(tmp_path):
    with Door(State(tmp_path, settings=Settings(queue=1))) as door:
        going_on, app = threading.Event(), door.calls.app
        held = asyncio.run_coroutine_threadsafe(
            door.calls.aside.run(True, going_on.wait, LONG_S), door.loop
        )
        large = door.predict(LARGE)
        until(lambda: app.admission.shipped == 1)
        refusal = door.predict(1).exception()
        going_on.set()
        held.result(LONG_S)
        assert large.exception() is None
    assert refusal.code().name == "RESOURCE_EXHAUSTED"
    counts = app.metrics.counts
    assert (counts["errors", "busy"], counts["requests", "grpc_predict", 200]) == (1, 1)
    assert app.admission.shipped == app.admission.held == 0


def test_calls_that_are_never_sent_keep_others_out_only_up_to_a_bound_and_are_counted(tmp_path):
    with Door(State(tmp_path, settings=Settings(queue=1))) as door:
        ended, app = threading.Event(), door.calls.app
        begun = door.channel.stream_unary(f"/{PREDICTION}/Predict")
        slow = [begun.future(b"" for _ in "a" if ended.wait(LONG_S)) for _ in "ab"]
        until(lambda: len(door.gate._under_way) == len(slow))
        refusal = door.predict(1).exception()
        assert refusal.code().name == "RESOURCE_EXHAUSTED"
        assert "as much to do as it may" in refusal.details()
        assert "x-request-id" in dict(refusal.trailing_metadata())
        assert app.metrics.counts["errors", "busy"] == 1
        assert app.metrics.counts["requests", "grpc_predict", 429] == 1
        assert all(each.cancel() for each in slow)
        ended.set()
        until(lambda: not door.gate._under_way)
        assert door.predict(1).exception() is None


def test_what_is_too_large_as_json_is_refused_as_over_http(tmp_path):
    with Door(State(tmp_path, settings=Settings(max_bytes=60 * LARGE))) as door:
        assert door.predict(LARGE // 2).exception() is None
        refusal = door.predict(LARGE).exception()
    assert refusal.code().name == "RESOURCE_EXHAUSTED"
    assert f"at most {60 * LARGE:,} bytes" in refusal.details()
    assert door.state.shipped == 1


@pytest.mark.parametrize("count", [1, aside.SLICE, 2 * aside.SLICE + 1])
def test_rows_become_one_body(count):
    rows = [(float(at), f"row {at}", None) for at in range(count)]
    made = aside.body(["a", "b", "c"], rows, None)
    assert json.loads(made)["rows"] == [dict(zip("abc", row, strict=True)) for row in rows]
    assert aside.body(["a", "b", "c"], rows, len(made)) == made
    with pytest.raises(Refusal):
        aside.body(["a", "b", "c"], rows, len(made) // 2)
