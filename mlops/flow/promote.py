"""`mlops promote`: a version gets a name, or a run that became no version is made one."""

from __future__ import annotations

from pathlib import Path

from mlops.config.job import Job
from mlops.core import artefact
from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.paths import SAFE_NAME
from mlops.core.record import Result
from mlops.core.version import LedgerEntry
from mlops.flow.deploying import Deploying
from mlops.flow.registered import (
    caught_up,
    known_versions,
    moved,
    moves,
    numbered,
    told_in_any_case,
)
from mlops.registry.refusals import faster
from mlops.registry.shelf import MODEL, Candidate
from mlops.registry.versions import Versions


class Promote:
    """Give an alias to a version.

    Parameters
    ----------
    version : int or str or None
        Its number, or a name that it has.
    run : str or None
        Key of a run that became no version, instead of `version`.
    alias : str
        The name to give.
    instead_of : int or None
        Refuse unless this version has the name now.
    override : bool
        Take the run although gates refuse it; `reason` is then needed.
    reason : str
        Kept in the history.
    """

    def __init__(
        self,
        *,
        version: int | str | None = None,
        run: str | None = None,
        alias: str = "champion",
        instead_of: int | None = None,
        override: bool = False,
        reason: str = "",
    ) -> None:
        self.version = version
        self.run = run
        self.alias = alias
        self.instead_of = instead_of
        self.override = override
        self.reason = reason

    def __call__(self, job: Job) -> Result:
        """Move the alias.

        Raises
        ------
        MlopsError
            The words do not fit together (2); somebody else was faster, the version is not whole,
            or gates refuse the run (3).
        """
        if (self.version is None) == (self.run is None):
            raise _one_of_two()
        candidate = None if self.run is None else _candidate(job.outputs, self.run)
        versions = known_versions(job) if candidate is None else _own(job, candidate)
        told = caught_up(job, versions)
        deploying = Deploying(job, versions)
        with told_in_any_case(job, told):
            seen = self._seen(versions)
            acts = moves(job, versions, deploying)
            if candidate is None:
                number = numbered(versions, self.version or 0, where="version")
            else:
                acts.may(self.alias, seen)  # else a version without a name would be left behind
                number = self._made(job, versions, candidate)
            intent = acts.promote(number, self.alias, seen=seen, why=self.reason)
        return moved(job, versions, intent, told, deploying)

    def _seen(self, versions: Versions) -> LedgerEntry | None:
        """What the alias means now."""
        seen = versions.holder(self.alias)
        if self.instead_of is not None and (seen is None or seen.version != self.instead_of):
            raise faster(versions.model, self.alias, seen)
        return seen

    def _made(self, job: Job, versions: Versions, candidate: Candidate) -> int:
        """Make a version of a run, against its gates only with a reason."""
        artefact.inspect(candidate.folder / MODEL, allowed=job.allowed)
        gates = candidate.about["gates"]
        if gates and not self.override:
            raise _refused(str(self.run), gates)
        if gates and not self.reason.strip():
            raise fail(
                "reason-needed",
                "Who overrides a gate says why.",
                where="reason",
                found="no reason",
                accepted="free text",
                next_step='write reason="…"',
            )
        return versions.register(candidate, alias="", why=self.reason).number


def _candidate(outputs: Path, key: str) -> Candidate:
    key = key.rstrip("/").rpartition("/")[2]  # a folder, as the screen shows it, is one too
    names = (key, f"*-{key}") if SAFE_NAME.match(key) else ()
    folders = [each for name in names for each in (outputs / "runs").glob(name)]
    candidate = Candidate.of(folders[0]) if folders else None
    if candidate is None:
        raise fail(
            "no-candidate",
            "There is no run of this key that could become a version.",
            where="run",
            found=f"{key[:80]}: " + ("failed, or a smoke run" if folders else "no such run"),
            accepted="the key of a run in full mode that reached its verdict",
            next_step="mlops runs shows the keys",
        )
    return candidate


def _own(job: Job, candidate: Candidate) -> Versions:
    """The versions of the model that a run is one of, whatever recipe this command has."""
    name = str(candidate.about.get("name") or job.name)
    if name != job.name and any(word.startswith("name=") for word in job.words):
        raise fail(
            "another-model",
            f"The run is one of {name[:64]}, and was judged as such.",
            where="command line, `name`",
            found=job.name,
            accepted=name[:64],
            next_step=f"leave name= out, or run again with name={job.name}",
        )
    found: Versions = job.part("registry").versions(job.outputs, name)
    return found


def _one_of_two() -> MlopsError:
    return fail(
        "which-version",
        "It is not said which version is to be promoted.",
        where="command line",
        found="not exactly one of version and run",
        accepted="version=NUMBER or run=KEY",
        next_step="mlops history shows the versions; then mlops promote version=NUMBER",
    )


def _refused(key: str, gates: list[str]) -> MlopsError:
    return fail(
        "gates-refuse",
        "Gates refuse this run.",
        where=f"run {key}",
        found="; ".join(gates),
        accepted="a run whose gates pass, or a reason to override them",
        next_step=f'mlops promote run={key} override=true reason="…"',
        exit_code=REFUSED,
    )
