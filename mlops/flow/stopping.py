"""Ends a server, after the requests under way: in the time of its start, or sooner if asked to."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from mlops.core.errors import MlopsError, fail
from mlops.core.serving import DRAINING, Spec, Status, is_running

KEY = "drain_s"
LOOK_S, PATIENCE_S = 0.05, 10.0  # beyond what requests under way are given


class Stopping:
    """The end of the server of a model.

    How long requests under way may take was said at its start: what the project says by now
    changes nothing. Who types a shorter time has the server end after that.

    Parameters
    ----------
    spec : Spec
        Of the model, as it would be started now.

    Raises
    ------
    MlopsError
        A longer time was typed than the server gives (exit code 2).
    """

    def __init__(self, spec: Spec) -> None:
        begun = Spec.read(spec.folder) or spec
        self.model, self.folder = spec.model, spec.folder
        self.given_s = self.drain_s = float(begun.settings[KEY])
        if KEY in spec.asked:
            self.drain_s = float(spec.settings[KEY])
        if self.drain_s > self.given_s:
            raise _longer(self.model, self.drain_s, self.given_s)

    def __call__(self, status: Status) -> str:
        """Ask it to end, and see it out; it is made to if that takes too long."""
        with suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGTERM)
            if self.drain_s < self.given_s:
                self._hurry(status.pid)
            if not self._is_gone_within(self.given_s + PATIENCE_S):
                os.kill(status.pid, signal.SIGKILL)
                return f"{self.model} is no longer served: it did not end in time, and was made to"
        return f"{self.model} is no longer served"

    def _hurry(self, pid: int) -> None:
        """Ask once more when the time is over: who asks twice does not wait.

        Not before it has heard the first time, else two signals may be one.
        """
        self._wait(self._has_heard, self.given_s + PATIENCE_S)
        if not self._is_gone_within(self.drain_s):
            os.kill(pid, signal.SIGTERM)

    def _has_heard(self) -> bool:
        status = Status.read(self.folder)
        return (status is not None and status.state == DRAINING) or not is_running(self.folder)

    def _is_gone_within(self, seconds: float) -> bool:
        return self._wait(lambda: not is_running(self.folder), seconds)

    @staticmethod
    def _wait(holds: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not (found := holds()) and time.monotonic() < until:
            time.sleep(LOOK_S)
        return found


def _longer(model: str, drain_s: float, given_s: float) -> MlopsError:
    return fail(
        "drain-of-its-start",
        f"The server of {model} gives requests under way {given_s:g} s, since its start.",
        where=f"serving.{KEY}",
        found=f"{drain_s:g}",
        accepted=f"[0, {given_s:g}]",
        closest=f"{given_s:g}",
        next_step="wait until they are answered, then mlops serve stop; or the same without this",
    )
