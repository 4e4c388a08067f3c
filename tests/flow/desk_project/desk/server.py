"""A deployer with a real process behind it: started once, told of each version, asked over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import write_whole

PATIENCE_S = 60


class Desk:
    """Deployer whose process reads, for each answer, what it is to answer."""

    def __init__(self, *, sign: str = "ready") -> None:
        self.sign = sign

    def belongs_to(self, outputs: Path, told: Any) -> None:
        self._folder = outputs / "desk"

    def deploy(self, name: str, folder: Path) -> str:
        """Let the process answer for the version whose files lie in `folder`."""
        before = asked(self._folder)
        if (self._folder / "closed").exists():
            raise fail(
                "desk-closed",
                "The desk is closed.",
                where="deployer",
                found="a note on the door",
                accepted="an open desk",
                next_step="take the note away",
                exit_code=ENVIRONMENT,
            )
        says = f"{name} {folder.name} {self.sign}"
        write_whole(self._folder / "says", says)
        if not before:
            command = [sys.executable, __file__, str(self._folder)]
            quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
            subprocess.Popen(command, **quiet, start_new_session=True)
        end = time.monotonic() + PATIENCE_S
        while asked(self._folder) != says:
            assert time.monotonic() < end
            time.sleep(0.02)
        return f"answers {says}"


def asked(folder: Path) -> str:
    """What the process answers; empty if there is none."""
    try:
        port = json.loads((folder / "process.json").read_text())["port"]
        with urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write((Path(sys.argv[1]) / "says").read_bytes())

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        told = {"pid": os.getpid(), "port": server.server_port}
        write_whole(Path(sys.argv[1]) / "process.json", json.dumps(told))
        server.serve_forever()
