"""The gRPC process: TensorFlow Serving's services on a port of their own."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from pathlib import Path
from typing import Any

import grpc

from mlops.serving import faults, sockets
from mlops.serving.app import App
from mlops.serving.front import Front
from mlops.serving.grpc.calls import Calls
from mlops.serving.grpc.gate import Gate
from mlops.serving.grpc.handler import handler, refuser
from mlops.serving.nouns import Served
from mlops.serving.sockets import IS_LINUX
from mlops.serving.traffic import Traffic

PREDICTION = "tensorflow.serving.PredictionService"
MODEL = "tensorflow.serving.ModelService"


class GrpcDoor:
    """gRPC on one port.

    Parameters
    ----------
    traffic : Traffic
    port : int
    """

    def __init__(self, traffic: Traffic, port: int) -> None:
        self.app, self.port, self.settings = App(traffic), port, traffic.settings
        self.server: Any = None
        self._shut: socket.socket | None = None

    def served(self, served: Served) -> None:
        """Make ready for a version."""
        self.app.served(served)

    def dropped(self, version: int) -> None:
        """Forget it."""
        self.app.dropped(version)

    async def open(self) -> None:
        """Let callers in."""
        await self.app.start()
        settings = self.settings
        self.server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", settings.max_bytes),
                ("grpc.so_reuseport", int(IS_LINUX)),  # the supervisor holds the port for us
            ]
        )
        # A line that is full refuses what came in; the gate, what is still on its way.
        gate = Gate(methods(Calls(self.app)), 2 * settings.queue)
        self.server.add_generic_rpc_handlers((gate,))
        host, self._shut = sockets.alone(settings.host, self.port)
        address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        if settings.certificate is None:
            self.server.add_insecure_port(address)
        else:
            pair = (Path(str(settings.key)).read_bytes(), Path(settings.certificate).read_bytes())
            self.server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        await self.server.start()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)  # a large message is many objects, none of them garbage

    async def close(self) -> None:
        """Answer what is under way, and end."""
        await self.server.stop(self.settings.drain_s)
        await self.app.stop()


def methods(calls: Calls) -> dict[str, tuple[Any, Any]]:
    """By full name: who answers a method, and who refuses it."""
    found = (
        (PREDICTION, "Predict", calls.predict, "PredictRequest", "PredictResponse"),
        (PREDICTION, "Classify", calls.classify, "ClassificationRequest", "ClassificationResponse"),
        (PREDICTION, "Regress", calls.regress, "RegressionRequest", "RegressionResponse"),
        (
            *(PREDICTION, "GetModelMetadata", calls.get_model_metadata),
            *("GetModelMetadataRequest", "GetModelMetadataResponse"),
        ),
        (
            *(MODEL, "GetModelStatus", calls.get_model_status),
            *("GetModelStatusRequest", "GetModelStatusResponse"),
        ),
    )
    made = {}
    for service, method, answered, asks, gives in found:
        name = f"grpc_{method.removeprefix('GetModel').lower()}"
        answering = handler(calls, name, answered, asks, gives)
        made[f"/{service}/{method}"] = answering, refuser(calls, name)
    return made


def main(arguments: list[str]) -> None:
    """Run it: descriptor of the wire, index, port."""
    descriptor, index, port = map(int, arguments)
    faults.begin()
    front = Front(descriptor, index)
    asyncio.run(front.run(lambda traffic: GrpcDoor(traffic, port)))


if __name__ == "__main__":
    main(sys.argv[1:])
