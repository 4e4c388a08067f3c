"""`mlops ui`: MLflow's own pages over the tracking store, on this machine only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import make_outputs
from mlops.core.record import Result

HOST = "127.0.0.1"
ENDS_S = 10.0
# Its workers for jobs of its own are of no use here; its warnings speak to MLflow's makers.
QUIET = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PYTHONWARNINGS": "ignore",
}


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
        """Run the server in the foreground; exit code 4 if it ends by itself.

        Raises
        ------
        MlopsError
            The port is taken, or the tracking database cannot be used.
        """
        from mlops.tracker import prepared
        from mlops.tracker.address import Address

        address = Address.of(job.outputs, getattr(job.part("tracker"), "uri", None))
        if address.artifacts is None:
            return Result(outcome="done", details={"says": f"runs are at {address.shown}"})
        self._check_port()
        make_outputs(job.outputs)
        if address.database:
            prepared.ready(address.database, address.artifacts)
        job.part("ui").line(f"http://{HOST}:{self.port} (Ctrl-C ends it)")
        return _served(self._command(address), address.uri)

    def _command(self, address: Any) -> list[str]:
        where = ["--host", HOST, "--port", str(self.port), "--workers", "1"]
        files = ["--default-artifact-root", str(address.artifacts)]
        return [sys.executable, "-m", "mlflow", "ui", *where, *files]

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


def _served(command: list[str], uri: str) -> Result:
    """Run the server until it ends or we are told to stop, which is how it is meant to end.

    The address may hold a password: in the environment no other user of the machine sees it.
    """
    environment = {**os.environ, **QUIET, "MLFLOW_BACKEND_STORE_URI": uri}
    server = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: we end it, and it ends its own
    )
    try:
        code = server.wait()
    except KeyboardInterrupt:
        _end(server)
        return Result(outcome="done", details={"says": "the pages are no longer served"})
    return Result(
        outcome="failed",
        exit_code=ENVIRONMENT,
        details={"says": f"the server ended by itself (exit code {code})"},
    )


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(ENDS_S)
    finally:  # also if we are told twice
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
