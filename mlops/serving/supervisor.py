"""The supervisor: it binds the port, starts the others, follows the ledger, and never predicts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops.core.errors import MlopsError
from mlops.core.paths import make_outputs, write_whole
from mlops.core.serving import ENDED, LOCK, SPEC, STATUS, Spec, Status, already_served
from mlops.serving import sockets
from mlops.serving.news import told
from mlops.serving.service import Service
from mlops.serving.settings import Settings
from mlops.serving.start import Addresses

LIVE = "live"
PATIENCE_S = 1.0  # whoever asks whether a server lives holds its lock for a moment


class Ending:
    """Whether somebody has asked the server to end, and how often.

    Attributes
    ----------
    times : int
    wake : socket.socket
        Something can be read there when it is asked.
    """

    def __init__(self) -> None:
        self.times = 0
        self.wake, self._signalled = socket.socketpair()
        for each in (self.wake, self._signalled):
            each.setblocking(False)

    def ask(self, *_: Any) -> None:
        """Ask it to end; twice: at once."""
        self.times += 1
        with suppress(BlockingIOError):
            self._signalled.send(b"\0")

    def heard(self) -> None:
        """Take note, so that it wakes nobody again."""
        with suppress(BlockingIOError):
            self.wake.recv(64)


def serve(spec: Spec, tell: Callable[[str], None]) -> Status:
    """Serve a model until somebody asks us to end, by SIGTERM or Ctrl-C.

    Parameters
    ----------
    spec : Spec
    tell : callable
        Gets a line for people at every change.

    Returns
    -------
    Status
        As it stood last.

    Raises
    ------
    MlopsError
        Another server serves the model (exit code 4), the address cannot be had (3, 4), or there
        is no version that can be served (2, 3).
    """
    make_outputs(Path(spec.outputs))
    spec.folder.mkdir(parents=True, exist_ok=True)
    with _alone(spec):
        try:
            return _served(spec, tell)
        except MlopsError as error:
            refused = tuple(asdict(each) for each in error.problems)
            problem = told(error.problems[0])
            status = Status(pid=os.getpid(), state=ENDED, problem=problem, refused=refused)
            write_whole(spec.folder / STATUS, status.to_json())
            raise


def _served(spec: Spec, tell: Callable[[str], None]) -> Status:
    settings = Settings.of(spec.settings)
    sockets.checked(settings)
    with ExitStack() as stack:
        ending = stack.enter_context(_asked_to_end())
        folder = stack.enter_context(_private(spec.folder / LIVE))
        addresses = Addresses.of(settings)
        write_whole(spec.folder / SPEC, spec.to_json())
        service = Service(spec, folder, addresses, tell)
        stack.callback(service.close)
        return service.run(ending)


@contextmanager
def _alone(spec: Spec) -> Iterator[None]:
    """Be the only server of the model."""
    from filelock import FileLock, Timeout

    lock = FileLock(spec.folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE_S)
    except Timeout:
        raise already_served(spec.model, Status.read(spec.folder)) from None
    try:
        (spec.folder / STATUS).unlink(missing_ok=True)  # of one that is gone
        yield
    finally:
        lock.release()


@contextmanager
def _private(folder: Path) -> Iterator[Path]:
    """A folder that nobody else may enter, empty at first and gone at the end."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _asked_to_end() -> Iterator[Ending]:
    """Hear of Ctrl-C and SIGTERM; a thread that is not the main one hears of neither."""
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, ending.ask) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
