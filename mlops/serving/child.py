"""A process that the supervisor has started, and the wire to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from mlops.serving.wire import AT_ONCE, Incoming, packed

DIES_S = 1.0  # from the end of its wire to the end of the process
TELLING = {"PYTHONFAULTHANDLER": "1"}  # one that is aborted writes where it was


class Child:
    """One process: it gets messages, tells some, and ends when the wire does.

    Parameters
    ----------
    module : str
        Run with ``python -m``; its first argument is the descriptor of its end of the wire.
    *words : str
        Its further arguments.
    folder : pathlib.Path
        Where it works; the names of sockets are short there.
    environment : mapping
        Beside our own.
    sockets : sequence of socket.socket
        That it inherits.
    """

    def __init__(
        self,
        module: str,
        *words: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        sockets: Sequence[socket.socket] = (),
    ) -> None:
        self.wire, theirs = socket.socketpair()
        self.wire.setblocking(False)
        self.began = monotonic()
        self._incoming, self._outgoing = Incoming(), bytearray()
        with theirs:
            self.process = subprocess.Popen(
                # What lies in the folder is not to be taken for a module.
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), *words],
                cwd=folder,
                env={**os.environ, **TELLING, **(environment or {})},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), *(each.fileno() for each in sockets)],
                # Ctrl-C is for the supervisor. In sessions of their own they would not give way
                # to one another: Linux shares out cores by sessions first.
                process_group=0,
            )

    @property
    def is_waiting(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._outgoing)

    def send(self, *message: Any) -> None:
        """Have `message` sent, at once or when the other end takes it."""
        self._outgoing += packed(message)
        self.flush()

    def flush(self) -> None:
        """Send what waits, as much as is taken."""
        with suppress(OSError):  # it is gone: heard of when its end of the wire is read
            while self._outgoing:
                sent = self.wire.send(memoryview(self._outgoing)[:AT_ONCE])
                del self._outgoing[:sent]

    def told(self) -> Iterator[Any]:
        """The messages that have come.

        Raises
        ------
        EOFError
            After the last one: it has ended, or is about to.
        """
        while True:
            try:
                arrived = self.wire.recv(AT_ONCE)
            except BlockingIOError:
                return
            except OSError as error:
                raise EOFError from error
            if not arrived:
                raise EOFError
            yield from self._incoming.fed(arrived)

    def terminate(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):
            self.process.terminate()

    def abort(self) -> None:
        """End it, whatever it is doing; it writes where it was, if it still can."""
        self.process.send_signal(signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(DIES_S)
        self.process.kill()

    def end(self) -> str:
        """See it out, whatever it takes; give how it ended, for people."""
        self.wire.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(DIES_S)
        self.process.kill()
        return _cause(self.process.wait())


def _cause(code: int) -> str:
    """Words for how a process ended.

    >>> _cause(-9), _cause(1)
    ('was killed by SIGKILL', 'ended with exit code 1')
    """
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
