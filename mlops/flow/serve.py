"""`mlops serve`: a version answers requests; and what there is to say of a server that runs."""

from __future__ import annotations

import gc
from dataclasses import asdict
from importlib.util import find_spec

from mlops.config.job import Job
from mlops.core.errors import ENVIRONMENT, MlopsError, closest, fail
from mlops.core.record import Result
from mlops.core.serving import ENDED, LOG, Spec, Status, is_running
from mlops.flow.deploying import Deploying
from mlops.flow.online import expected, spec_of
from mlops.flow.registered import caught_up, known_versions, versions_of
from mlops.flow.stopping import Stopping
from mlops.registry.names import held
from mlops.registry.versions import Versions

ACTIONS = ("run", "status", "logs", "stop")
NEEDED = ("uvicorn", "httptools", "msgspec", "grpc", "google.protobuf", "prometheus_client")


class Serve:
    """Serve a version in the foreground; or look at the server of this model, or end it.

    Parameters
    ----------
    action : str
        ``run``, ``status``, ``logs`` or ``stop``.
    version : int or str
        A number, or a name that is followed.
    port : int or None
        Of REST.
    host : str or None
    last : int
        Lines of the log.
    """

    def __init__(
        self,
        *,
        action: str = "run",
        version: int | str = "champion",
        port: int | None = None,
        host: str | None = None,
        last: int = 50,
    ) -> None:
        if action not in ACTIONS:
            nearest = closest(action, ACTIONS)
            raise fail(
                "unknown-word",
                f"`{action}` is nothing that mlops serve does.",
                where="command line",
                found=action,
                accepted=", ".join(ACTIONS),
                closest=nearest,
                next_step=f"mlops serve {nearest or 'status'}",
            )
        self.action = action
        self.version = version
        self.port = port
        self.host = host
        self.last = last

    def __call__(self, job: Job) -> Result:
        """Do it; serving ends with Ctrl-C or SIGTERM, after the requests under way.

        Raises
        ------
        MlopsError
            There is no such version, or a server is to be stopped otherwise than it can be (exit
            code 2), it may not be served, or not like this (3), the address is taken or another
            server serves the model (4).
        """
        if self.action == "run":
            return self._run(job)
        versions = versions_of(job)
        spec = spec_of(job, versions)
        status = Status.read(spec.folder)
        running = is_running(spec.folder)
        if self.action == "logs":
            return _result(job, status, running, f"the end of {spec.folder / LOG}", self._log(spec))
        if self.action == "stop":
            stopping = Stopping(spec) if running and status is not None else None
            Deploying(job, versions).ended()  # first: else an act under way has it back online
            if stopping is not None and status is not None:
                return _result(job, status, False, stopping(status))
        return _result(job, status, running, _shown(job, status, running))

    def _run(self, job: Job) -> Result:
        if missing := [each for each in NEEDED if not _is_installed(each)]:
            raise _not_installed(missing)
        versions = known_versions(job)
        for told in caught_up(job, versions):
            job.part("ui").line(told)
        own = {"port": self.port, "host": self.host}
        settings = {key: value for key, value in own.items() if value is not None}
        spec = spec_of(job, versions, version=self.version, **settings)
        expected(job, versions)
        if hasattr(job.part("deployer"), "serves"):
            return _result(job, *self._in_the_background(job, versions, spec))
        from mlops.serving.supervisor import serve

        gc.enable()  # see mlops.cli.main
        gc.freeze()
        ended = serve(spec, job.part("ui").line)
        return _result(job, ended, False, f"{job.name} is no longer served")

    def _in_the_background(
        self, job: Job, versions: Versions, spec: Spec
    ) -> tuple[Status | None, bool, str]:
        """Let the chosen deployer start a server, or find that one serves the version."""
        entries = versions.ledger.entries()
        names = {name: each.version for name, each in held(entries).items()}
        asked = self.version if str(self.version).isdecimal() else names.get(str(self.version), 0)
        number = int(asked)
        folder = versions.shelf.place(versions.version(number).number)
        deployer = job.part("deployer")
        deployer.serves(spec, seq=entries[-1].seq)
        says = deployer.deploy(versions.model, folder)
        Deploying(job, versions).began(spec, number)
        return Status.read(spec.folder), True, says

    def _log(self, spec: Spec) -> list[str]:
        try:
            text = (spec.folder / LOG).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ["none: nothing was served in the background yet"]
        return text.splitlines()[-self.last :]


def _result(
    job: Job, status: Status | None, running: bool, says: str, lines: list[str] | None = None
) -> Result:
    told = {} if status is None else {**asdict(status), "serving": list(status.serving)}
    details = {"says": says, "running": running, **told}
    if lines is not None:
        details["lines"] = lines
    return Result(outcome="done", name=job.name, details=details)


def _shown(job: Job, status: Status | None, running: bool) -> str:
    """How it stands, in a sentence."""
    if not running or status is None:
        return f"{job.name} is not served{_ended(status)}"
    served = ", ".join(
        f"version {each['version']} ({each['role']}, {each['path']})" for each in status.serving
    )
    where = f"{status.url} is {status.state} (process {status.pid})"
    problem = f"; not served: {status.problem}" if status.problem else ""
    told = (f"{where} and serves {served or 'nothing yet'}{problem}", *status.waits)
    return "; ".join(told)


def _ended(status: Status | None) -> str:
    """How the last server ended, if there is something to tell."""
    if status is None:
        return ""
    if status.state != ENDED:  # it had no time to say so
        return f"; the last server (process {status.pid}) was killed while it was {status.state}"
    return f"; the last server ended: {status.problem}" if status.problem else ""


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # nor is what it lies in
        return False


def _not_installed(missing: list[str]) -> MlopsError:
    return fail(
        "extra-missing",
        "Serving needs packages that are not installed.",
        where="mlops serve",
        found=f"no {', '.join(missing)}",
        accepted="the extra [serve]",
        next_step='pip install "mlops[serve]"',
        exit_code=ENVIRONMENT,
    )
