"""The bench and the way to it, within one process: a real socket between them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from threading import Event

import pytest

from mlops.core.serving import Spec
from mlops.serving.admission import Gone
from mlops.serving.bench import AT_ONCE, Bench
from mlops.serving.nouns import Stamp
from mlops.serving.settings import Settings
from mlops.serving.shipping import Shipping
from mlops.serving.traffic import Traffic
from tests.serving.http.state import EXAMPLE, add_up, houses
from tests.serving.process.server import LONG_S

JSON = {b"content-type": b"application/json"}
SLOW = replace(houses(), program=None, path="sklearn")


def test_what_nobody_waits_for_any_more_is_not_answered(tmp_path):
    seen, may_go_on = [], Event()

    def program(rows):
        seen.append(rows[0][0])
        assert may_go_on.wait(LONG_S)
        return add_up(rows)

    bench = Bench(SLOW, program, Settings())
    bench.open(str(tmp_path / "bench"))

    async def asks():
        shipping = Shipping(most=10, timeout_s=LONG_S)
        shipping.to(str(tmp_path / "bench"))

        def ask(rooms):
            body = json.dumps({"rows": [{**EXAMPLE, "rooms": rooms}]}).encode()
            return shipping.ask("predict", JSON, body, Stamp("order-1"))

        first = [asyncio.create_task(ask(float(number))) for number in range(AT_ONCE)]
        while len(seen) < AT_ONCE:
            await asyncio.sleep(0.01)
        shipping.timeout_s = 0.05
        with pytest.raises(TimeoutError):
            await ask(98.0)
        shipping.timeout_s = LONG_S
        last = asyncio.create_task(ask(99.0))
        await asyncio.sleep(0)
        may_go_on.set()
        assert [(await each).status for each in (*first, last)] == [200] * (AT_ONCE + 1)
        await shipping.end()

    try:
        asyncio.run(asks())
    finally:
        may_go_on.set()
        bench.close()
    assert sorted(seen) == [*map(float, range(AT_ONCE)), 99.0]


def test_a_version_stays_at_hand_until_what_it_was_chosen_for_is_answered(tmp_path):
    bench = Bench(SLOW, add_up, Settings())
    bench.open(str(tmp_path / "bench"))
    body = json.dumps({"rows": [EXAMPLE]}).encode()

    async def asks():
        spec = Spec(model="houses", ledger="", outputs=str(tmp_path), project="")
        traffic = Traffic(spec, 0, tmp_path)
        traffic.take(SLOW, str(tmp_path / "bench"))
        with traffic.held(SLOW):
            dropping = asyncio.create_task(traffic.drop(SLOW.version))
            await asyncio.sleep(0.01)
            reply = await traffic.ship(SLOW, "predict", JSON, body, Stamp("order-1"))
            assert reply.status == 200
            assert not dropping.done()
        await dropping
        with pytest.raises(Gone):
            await traffic.ship(SLOW, "predict", JSON, body, Stamp("order-1"))

    asyncio.run(asks())
    bench.close()
