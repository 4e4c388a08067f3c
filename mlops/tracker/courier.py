"""The near end of the recorder: starts it, nudges it, waits for what it has to say."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import time
from collections import deque
from collections.abc import Iterable, Sequence

from mlops.core.paths import PACKAGE
from mlops.tracker.address import NAME
from mlops.tracker.spool import Spool, now_ms

_GLANCE_S = 0.02
_RESTARTS = 2
AGE_MS = 30_000  # a finding older than this says nothing about now
_SECOND_TRY_S = 1.0  # what a recorder gets to find that the server is back
_left: list[subprocess.Popen[bytes]] = []  # recorders that outlive us; else Popen complains


class Courier:
    """Sees to it that the records of `spool` are delivered.

    Any number of processes may have one each: whichever recorder gets the lock serves all.

    Parameters
    ----------
    spool : Spool
        With an address.
    adopt : bool
        Deliver also what was meant for another server.
    """

    def __init__(self, spool: Spool, *, adopt: bool = False) -> None:
        self.spool = spool
        self.adopt = adopt
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, attended: bool = True) -> None:
        """Start a recorder; it ends at once if another one is at work.

        Parameters
        ----------
        attended : bool
            It stays until :meth:`hang_up` or our death; else it empties the spool and ends.
        """
        self.hang_up()
        self.spool.say()  # what an earlier recorder found says nothing about this one
        module, outputs = "mlops.tracker.recorder", str(self.spool.outputs)
        more = ["--adopt"] if self.adopt else []
        with self.spool.beside("log").open("ab") as log:
            self._process = subprocess.Popen(
                # -P: nothing in the user's folder can take the place of a module.
                [sys.executable, "-P", "-m", module, outputs, *more],
                env=self._environment(),
                stdin=subprocess.PIPE if attended else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for us: what is spooled is still delivered
            )

    def _environment(self) -> dict[str, str]:
        """Ours, with the address: there it is no more visible than MLFLOW_TRACKING_URI is."""
        address = self.spool.address
        environment = {**os.environ, "MLFLOW_TRACKING_URI": address.uri if address else ""}
        environment[NAME] = address.name if address else ""
        if str(PACKAGE.parent) not in sysconfig.get_paths().values():
            path = [os.environ.get("PYTHONPATH", ""), str(PACKAGE.parent)]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
        return environment

    def nudge(self) -> None:
        """Tell our recorder that there is a new record; another's sees it by itself."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has ended: who waits starts another
                self._process.stdin.write(b"\n")

    def hang_up(self) -> None:
        """Let our recorder empty the spool and end."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._process not in _left:
            _left[:] = [each for each in [*_left, self._process] if each.poll() is None]

    def wait(self, keys: Sequence[str], wait_s: float, *, age_ms: int = AGE_MS) -> str:
        """Wait until each of `keys` is delivered or refused; return why not, empty if they are.

        Parameters
        ----------
        keys : sequence of str
        wait_s : float
            Seconds.
        age_ms : int
            A server that was found away so recently is believed to be away still; 0 has it asked.

        No wake-up is lost: the records were durable before the lock is looked at, so a recorder
        that still holds it will see them, and where none holds it one is started.
        """
        since_ms, restarts, end = now_ms(), 0, time.monotonic() + wait_s
        left = deque(keys)
        while self._are_left(left):
            waited_s = time.monotonic() - end + wait_s
            if reason := self._excuse(left, since_ms, age_ms if waited_s >= _SECOND_TRY_S else 0):
                return reason
            if waited_s >= wait_s:
                return f"not recorded within {wait_s:g} s: the recorder goes on by itself"
            if self._is_idle() and not self.spool.is_served():
                if restarts == _RESTARTS and self.spool.outcome(left[0]) is None:
                    return (
                        f"the recorder ended early (see {self.spool.beside('log')}): "
                        "the record waits in outputs/spool; `mlops sync` tries again"
                    )
                restarts += 1
                self.start(attended=False)
            time.sleep(_GLANCE_S)
        return ""

    def _are_left(self, keys: deque[str]) -> bool:
        """Forget those at the front that have come to an end; a look at one is a file's."""
        while keys and self.spool.outcome(keys[0]) is not None:
            keys.popleft()
        return bool(keys)

    def _is_idle(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _excuse(self, keys: Iterable[str], since_ms: int, age_ms: int) -> str:
        """What the recorder says against waiting any longer."""
        said = self.spool.said()
        if said["at_ms"] < since_ms - age_ms:
            return ""
        troubles = [said["troubled"][key] for key in keys if key in said["troubled"]]
        return str(said["away"] or "".join(troubles[:1]))
