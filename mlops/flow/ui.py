"""`mlops ui`: MLflow's own pages over the tracking store, on this machine only."""

from __future__ import annotations

import subprocess
import sys

from mlops.config.job import Job
from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.record import Result

HOST = "127.0.0.1"


class Ui:
    """Serve MLflow's pages until Ctrl-C; for a tracking server elsewhere, say its address.

    Parameters
    ----------
    port : int
        On the loopback address.
    """

    def __init__(self, *, port: int = 5000) -> None:
        self.port = port

    def __call__(self, job: Job) -> Result:
        """Run the server in the foreground.

        Raises
        ------
        MlopsError
            The port is taken, or the server ends by itself.
        """
        from mlops.tracker import prepared
        from mlops.tracker.address import Address

        address = Address.of(job.outputs, getattr(job.part("tracker"), "uri", None))
        if address.artifacts is None:
            return Result(outcome="done", details={"says": f"runs are at {address.shown}"})
        self._check_port()
        if address.database:
            prepared.ready(address.database, address.artifacts)
        job.part("ui").line(f"http://{HOST}:{self.port} (Ctrl-C ends it)")
        command = [sys.executable, "-m", "mlflow", "ui", "--host", HOST, "--port", str(self.port)]
        command += ["--backend-store-uri", address.uri]
        command += ["--default-artifact-root", str(address.artifacts)]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            code = server.wait()
        finally:
            server.terminate()
            server.wait()
        return Result(
            outcome="done" if code == 0 else "failed", exit_code=ENVIRONMENT if code else 0
        )

    def _check_port(self) -> None:
        import socket

        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise fail(
                    "port-taken",
                    "The pages cannot be served on this port.",
                    where="flow.port",
                    found=f"{self.port}: {error.strerror}",
                    accepted="a free port, 1024 to 65535",
                    next_step=f"mlops ui port={self.port + 1}",
                    exit_code=ENVIRONMENT,
                ) from None
