"""MLflow's pages are served, without a secret in sight, until somebody says stop."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress

STARTS_S = 120


def processes() -> list[str]:
    """The command line of every process of this machine."""
    listed = subprocess.run(["ps", "-A", "-o", "command"], capture_output=True, check=True)
    return listed.stdout.decode("utf-8", "replace").splitlines()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_pages_answer_show_no_password_and_end_on_ctrl_c(cli, work):
    port = free_port()
    address = f"sqlite:///{work}/its.db?password=s3cret-w0rd"
    serving = cli.start("ui", f"port={port}", env={"MLFLOW_TRACKING_URI": address})
    try:
        end = time.monotonic() + STARTS_S
        answer = 0
        while not answer and time.monotonic() < end and serving.poll() is None:
            with suppress(OSError):
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
                answer = page.status
            time.sleep(0.1)
        assert answer == 200
        ours = [each for each in processes() if str(port) in each]
        assert ours
        assert not [each for each in processes() if "s3cret-w0rd" in each]
    finally:
        serving.send_signal(signal.SIGINT)
        said = "".join(serving.communicate(timeout=60))
    assert serving.returncode == 0, said
    assert "Traceback" not in said
    assert "s3cret-w0rd" not in said
    assert not [each for each in processes() if str(port) in each]


def test_a_port_that_is_taken_is_told_before_anything_starts(cli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = cli("ui", f"port={port}")
    assert told.exit_code == 4
    assert told.stderr.startswith("error[port-taken]")
    assert f"mlops ui port={port + 1}" in told.stderr


def test_a_server_elsewhere_is_only_named(cli):
    told = cli("ui", env={"MLFLOW_TRACKING_URI": "http://ann:s3cret-w0rd@runs.example"}).ok()
    assert "runs are at http://***@runs.example" in told.text
