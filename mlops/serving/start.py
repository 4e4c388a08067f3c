"""How each process of a server is started; the first that it hears is what the server is to do."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from mlops.core.errors import MlopsError
from mlops.core.serving import SPEC, Spec
from mlops.serving import ahead, sockets
from mlops.serving.ahead import model_process
from mlops.serving.child import Child
from mlops.serving.giving_way import NEVER
from mlops.serving.settings import Settings

GRPC = -1  # index of the gRPC process
# One row is no work for two threads, and threads that wait do not hold their core.
LIGHT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "OMP_WAIT_POLICY": "PASSIVE",
}


@dataclass(frozen=True)
class Addresses:
    """Where a server answers.

    Parameters
    ----------
    sockets : list of socket.socket
        One a worker, all of them listening.
    url, grpc : str
        For people; empty for nowhere.
    held : socket.socket or None
        Keeps the port of gRPC.
    """

    sockets: list[socket.socket]
    url: str
    grpc: str = ""
    held: socket.socket | None = None

    @classmethod
    def of(cls, settings: Settings) -> Addresses:
        """Take the addresses that the settings say.

        Raises
        ------
        MlopsError
            As :func:`mlops.serving.sockets.listening`.
        """
        host = settings.host
        listening = sockets.listening(host, settings.port, settings.workers or _cores())
        scheme = "http" if settings.certificate is None else "https"
        url = f"{scheme}://{sockets.address(host, listening[0].getsockname()[1])}"
        if settings.grpc_port is None:
            return cls(listening, url)
        try:
            held = sockets.held(host, settings.grpc_port, where="serving.grpc_port")
        except MlopsError:
            cls(listening, url).close()
            raise
        return cls(listening, url, sockets.address(host, held.getsockname()[1]), held)

    def close(self) -> None:
        """Listen no more."""
        for each in self.sockets:
            each.close()
        if self.held is not None:
            self.held.close()


@dataclass(frozen=True)
class Start:
    """Starts the processes of one server.

    Parameters
    ----------
    spec : Spec
    folder : pathlib.Path
        Where they work.
    addresses : Addresses
    """

    spec: Spec
    folder: Path
    addresses: Addresses

    def worker(self, index: int) -> Child:
        """A process that answers HTTP."""
        listening = self.addresses.sockets[index]
        words = (str(index), str(listening.fileno()))
        made = Child(
            "mlops.serving.worker",
            *words,
            folder=self.folder,
            environment=LIGHT,
            sockets=(listening,),
        )
        made.send(self.spec)
        return made

    def grpc(self) -> Child:
        """The process that answers gRPC."""
        assert self.addresses.held is not None
        words = (str(GRPC), str(self.addresses.held.getsockname()[1]))
        made = Child("mlops.serving.grpc.process", *words, folder=self.folder, environment=LIGHT)
        made.send(self.spec)
        return made

    def model(self, number: int, name: str, gives_way: str) -> Child:
        """The process of one version, whose bench gets that name."""
        made = ahead.taken() if gives_way == NEVER else None
        made = made or model_process(self.folder, gives_way)
        made.send(self.spec, str(self.folder), number, name)
        return made

    def log(self) -> Child:
        """The process that keeps the log of requests."""
        spec = str(self.spec.folder / SPEC)
        return Child("mlops.serving.log_process", spec, folder=self.folder, environment=LIGHT)


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not everywhere
        return os.cpu_count() or 1
