"""The accepted model answers requests on this machine, from a server that outlives the command."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mlops.core.errors import ENVIRONMENT, REFUSED, MlopsError, Problem, fail, listed
from mlops.core.paths import make_outputs
from mlops.core.serving import ENDED, LOG, Spec, Status, already_served, is_running

LOOK_S = 0.02
ROLLED_BYTES = 1 << 20  # of a log that a new server does not go on with
ENDS_S = 15.0


class Local:
    """Deployer that starts a server in the background, or lets the one that runs follow.

    The server reads from the ledger which version is the champion; so this only starts it where
    none runs, waits until it has acted upon the ledger's line, and says what came of it.

    Parameters
    ----------
    wait_s : float, > 0
        Until the version answers.
    """

    def __init__(self, *, wait_s: float = 120.0) -> None:
        self.wait_s = wait_s
        self._spec: Spec | None = None
        self._seq = 0

    def serves(self, spec: Spec, *, seq: int) -> None:
        """Be told what the server is to do, and which line of the ledger it is to act upon."""
        self._spec, self._seq = spec, seq

    def deploy(self, name: str, folder: Path) -> str:
        """Have the version in `folder` answer requests.

        Parameters
        ----------
        name : str
            Of the model.
        folder : pathlib.Path
            Its name is the number of the version.

        Raises
        ------
        MlopsError
            It does not, and why (exit code 3, or 4 for the machine), what a server that did not
            start says itself, or that somebody else's was quicker (4); what answered before goes
            on.
        """
        spec, number = self._spec, int(folder.name)
        assert spec is not None
        started = None
        if is_running(spec.folder):
            _same_name(spec)
        else:
            started = _start(spec)
        status = self._settled(spec, started)
        if status is not None and status.main == number:
            told = (f"{status.url} serves version {number} of {name}", *status.waits)
            return "; ".join(told) + _otherwise(spec)
        if status is not None and started is not None and status.refused:
            raise MlopsError(*(Problem(**each) for each in status.refused))
        if status is not None:
            raise _refused(name, number, spec, status.problem or "another version answers")
        if started is not None:
            _end(started)
        raise _too_late(name, number, spec, self.wait_s)

    def _settled(self, spec: Spec, started: subprocess.Popen[bytes] | None) -> Status | None:
        """How the server stands when it has acted upon the line; None if it does not in time."""
        until = time.monotonic() + self.wait_s
        while time.monotonic() < until:
            has_ended = started is not None and started.poll() is not None
            status = Status.read(spec.folder)
            is_ours = status is not None and (started is None or status.pid == started.pid)
            if status is not None and is_ours and status.seq >= self._seq:
                return status
            if has_ended or (started is None and not is_running(spec.folder)):
                if status is not None and is_ours and status.problem:
                    return replace(status, state=ENDED, serving=())
                if is_running(spec.folder):  # of two who start at once
                    raise already_served(spec.model, status)
                return Status(pid=0, state=ENDED, problem=_last_words(spec))
            time.sleep(LOOK_S)
        return None


def _start(spec: Spec) -> subprocess.Popen[bytes]:
    """Start a server that nobody waits for, and that no signal of a terminal reaches."""
    make_outputs(Path(spec.outputs))
    spec.folder.mkdir(parents=True, exist_ok=True)
    path = spec.folder / LOG
    with suppress(FileNotFoundError):
        if path.stat().st_size > ROLLED_BYTES:
            path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "mlops.serving"],
            cwd=spec.project,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    assert server.stdin is not None
    with suppress(BrokenPipeError), server.stdin as description:
        description.write(spec.to_json().encode())
    return server


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(ENDS_S)
    except subprocess.TimeoutExpired:
        server.kill()


def _same_name(spec: Spec) -> None:
    """Make sure that the server that runs follows what is to be deployed."""
    running = Spec.read(spec.folder)
    if running is None or running.version == spec.version:
        return
    raise fail(
        "other-version",
        f"{spec.model} is served already, by a server that was asked for {running.version}.",
        where=str(spec.folder),
        found=f"version={running.version}",
        accepted=f"a server of {spec.version}, or none",
        next_step="mlops serve stop, then the same command again",
        exit_code=REFUSED,
    )


def _otherwise(spec: Spec) -> str:
    """Which settings were asked for that a server has otherwise since its start."""
    running = Spec.read(spec.folder)
    if running is None:
        return ""
    others = [key for key in spec.asked if running.settings.get(key) != spec.settings.get(key)]
    if not others:
        return ""
    named = listed([f"serving.{key}" for key in others])
    return f"; its settings are those of its start: `mlops serve stop` first, for other {named}"


def _last_words(spec: Spec) -> str:
    try:
        lines = (spec.folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    return lines[-1][-200:] if lines else "the server ended without a word"


def _refused(name: str, number: int, spec: Spec, problem: str) -> MlopsError:
    return fail(
        "not-deployed",
        f"Version {number} of {name} cannot be served: {problem}",
        where=str(spec.folder / LOG),
        found=problem,
        accepted="a version that loads and answers its golden rows as it did when it was made",
        next_step="mlops serve logs tells more, mlops doctor looks at every version's files",
        exit_code=REFUSED,
    )


def _too_late(name: str, number: int, spec: Spec, wait_s: float) -> MlopsError:
    return fail(
        "not-deployed",
        f"Version {number} of {name} does not answer after {wait_s:g} s.",
        where=str(spec.folder / LOG),
        found="a server that is still at it",
        accepted="a version that is ready in time",
        next_step="mlops serve logs tells more; deployer.wait_s=600 waits longer",
        exit_code=ENVIRONMENT,
    )
