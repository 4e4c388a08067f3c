"""A server of each kind of model with gRPC, shared by the tests of a module, and real stubs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.serving.process.server import Server, serving

HOUSES, CREDIT = "boston_housing", "credit_scoring"


@dataclass
class Stubs:
    """The services of one server, as TensorFlow's own client knows them."""

    server: Server
    channel: Any
    metadata: tuple[tuple[str, str], ...] = ()
    predict: Any = field(init=False)
    models: Any = field(init=False)

    def __post_init__(self) -> None:
        from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

        self.predict = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    @property
    def model(self) -> str:
        return self.server.model

    def row(self) -> dict[str, Any]:
        return self.server.example()


def connected(server: Server, credentials: Any = None) -> Stubs:
    """Stubs for a server."""
    import grpc

    from tests.serving.grpc.stubs import without_tensorflow

    without_tensorflow()
    assert server.status is not None
    address = server.status.grpc
    if credentials is None:
        return Stubs(server, grpc.insecure_channel(address))
    return Stubs(server, grpc.secure_channel(address, credentials))


def _served(trained: Path, folder: Path, model: str) -> Iterator[Stubs]:
    shutil.copytree(trained / "registry", folder / "outputs" / "registry")
    settings = {"grpc_port": 0, "workers": 1}
    with serving(folder / "outputs", model=model, settings=settings) as server:
        stubs = connected(server)
        yield stubs
        stubs.channel.close()


@pytest.fixture(scope="module")
def houses(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stubs]:
    """A model that gives a number."""
    yield from _served(trained, tmp_path_factory.mktemp("houses"), HOUSES)


@pytest.fixture(scope="module")
def credit(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stubs]:
    """A model that gives classes, of columns of words among others."""
    yield from _served(trained, tmp_path_factory.mktemp("credit"), CREDIT)
