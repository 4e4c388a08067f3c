"""A server as people run it: processes of its own, a free port, and clients that keep asking."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlops.core.serving import Spec, Status, is_running
from mlops.registry.intent import Intent
from mlops.registry.ledger import Ledger
from mlops.registry.moves import Moves
from mlops.registry.versions import Versions

LONG_S = 180.0  # on a busy machine; nobody waits so long on a quiet one
LOOK_S = 0.02
JSON = {"content-type": "application/json"}
QUIET = {"port": 0, "grpc_port": None, "workers": 2}


def until(holds: Callable[[], Any], what: str | Callable[[], str], seconds: float = LONG_S) -> Any:
    """What `holds` gives as soon as it is true; an error that says `what` if it never is.

    What there is to say only then is asked for only then.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(LOOK_S)
    raise AssertionError(f"never: {what if isinstance(what, str) else what()}")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def version(self) -> int:
        return int(self.headers["x-model-version"])


class Client:
    """One connection that stays open, as a caller's does."""

    def __init__(self, url: str, **more: Any) -> None:
        place = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        )
        self.connection = kind(place.hostname, place.port, timeout=60, **more)

    def __call__(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Answer:
        """GET, or POST of a body; once more on a new connection if the server hung up between."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        verb = "GET" if content is None else "POST"
        for is_last in (False, True):
            try:
                self.connection.request(verb, path, content, {**JSON, **(headers or {})})
                found = self.connection.getresponse()
                return Answer(
                    found.status, found.read(), {k.lower(): v for k, v in found.headers.items()}
                )
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                if is_last:
                    raise
        raise AssertionError

    def close(self) -> None:
        self.connection.close()


@dataclass
class Server:
    """``python -m mlops.serving`` of a model whose versions lie in `outputs`.

    Linux shares out cores by sessions first: without one of its own, work in the server that
    gives way does so to its callers here, too, and to all else that we have running.
    """

    outputs: Path
    model: str = "boston_housing"
    version: str | int = "champion"
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    has_session: bool = True
    process: subprocess.Popen[str] | None = None

    @property
    def spec(self) -> Spec:
        return Spec(
            model=self.model,
            ledger=str(self.outputs / "registry" / self.model),
            outputs=str(self.outputs),
            project=str(self.outputs.parent),
            version=self.version,
            settings={**QUIET, **self.settings},
        )

    @property
    def versions(self) -> Versions:
        ledger = Ledger(Path(self.spec.ledger), self.model)
        return Versions(self.outputs, self.model, ledger=ledger)

    @property
    def status(self) -> Status | None:
        return Status.read(self.spec.folder)

    @property
    def url(self) -> str:
        assert self.status is not None
        return self.status.url

    @property
    def log(self) -> str:
        return (self.outputs / "server.txt").read_text()

    def start(self) -> Server:
        """Start it, and return at once."""
        with (self.outputs / "server.txt").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mlops.serving"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "PYTHONFAULTHANDLER": "1", **self.environment},
                start_new_session=self.has_session,
            )
        assert self.process.stdin is not None
        self.process.stdin.write(self.spec.to_json())
        self.process.stdin.close()
        return self

    def ready(self) -> Server:
        """Start it if it is not, and return when it answers."""
        if self.process is None:
            self.start()
        assert self.process is not None
        process = self.process

        def is_ready() -> bool:
            assert process.poll() is None, self.log
            found = self.status
            return found is not None and found.pid == process.pid and found.state == "ready"

        until(is_ready, lambda: f"ready: {self.stood()}")
        return self

    def stood(self) -> str:
        """How it and its processes stand, and where each of them is; that ends them."""
        assert self.process is not None
        status, ours = self.status, [self.process.pid, *self.children()]
        asked = ["ps", "-ww", "-o", "pid=,ppid=,stat=,wchan=,etime=,time=,command=", "-p"]
        shown = subprocess.run([*asked, ",".join(map(str, ours))], capture_output=True, text=True)
        for pid in reversed(ours):  # the supervisor last: what it sees, it tells
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGABRT)
        self.process.wait(LONG_S)
        return f"{status}\n{shown.stdout}\n{self.log}"

    def serves(self, main: int) -> Status:
        """Wait until all it serves is settled, with that main version."""
        last = self.versions.ledger.entries()[-1].seq

        def is_so() -> Status | None:
            found = self.status
            return found if found and found.main == main and found.seq >= last else None

        found: Status = until(is_so, lambda: f"version {main}: {self.status}\n{self.log}")
        return found

    def promote(self, number: int, alias: str = "champion") -> Intent:
        """Give a version the name, as `mlops promote` does; nobody deploys it."""
        versions = self.versions
        moves = Moves(versions, lambda intent: None)
        return moves.promote(number, alias, seen=versions.holder(alias), why="")

    def client(self, **more: Any) -> Client:
        return Client(self.url, **more)

    def example(self) -> dict[str, Any]:
        """A row that the model takes."""
        import pandas as pd

        rows = pd.read_parquet(self.versions.shelf.place(1) / "golden" / "rows.parquet")
        found: dict[str, Any] = json.loads(rows.head(1).to_json(orient="records"))[0]
        return found

    def children(self, module: str = "mlops.serving") -> list[int]:
        """Processes that it has started, of that module."""
        assert self.process is not None
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,command="],
            capture_output=True,
            text=True,
            check=True,
        )
        rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
        return [
            int(row[0])
            for row in rows
            if row[1] == str(self.process.pid) and module in row[3] and "Z" not in row[2]
        ]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; give its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(LONG_S)

    def close(self) -> None:
        """End it whatever happens, and make sure that nothing of it stays."""
        if self.process is None:
            return
        left = self.children()
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()
        until(lambda: not any(map(is_alive, left)), "its processes have ended", 30)
        assert not is_running(self.spec.folder)


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(found.stdout.strip()) and "Z" not in found.stdout


class Load:
    """Clients that ask without a pause, each on a connection of its own, until they are told."""

    def __init__(
        self, server: Server, body: Any, *, clients: int = 3, path: str = "/predict"
    ) -> None:
        self.server, self.body, self.path, self.count = server, body, path, clients
        self.answers: list[Answer] = []
        self.errors: list[BaseException] = []
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.count)]
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for each in self._threads:
            each.join()

    def more(self, count: int = 50) -> None:
        """Return when so many further answers have come."""
        enough = len(self.answers) + count
        until(lambda: len(self.answers) >= enough or self.errors, "more answers")

    def _ask(self) -> None:
        client = self.server.client()
        try:
            while not self._is_over.is_set():
                self.answers.append(client("/predict", self.body))
        except BaseException as error:
            self.errors.append(error)
        finally:
            client.close()


@contextlib.contextmanager
def serving(outputs: Path, **more: Any) -> Iterator[Server]:
    """A server that answers, and is gone afterwards."""
    server = Server(outputs, **more)
    try:
        yield server.ready()
    finally:
        server.close()
