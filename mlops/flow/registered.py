"""Between a command and the registry: which model is meant, and what others left undone there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import USER, MlopsError, closest, fail, listed
from mlops.core.record import Result
from mlops.core.secret import masked
from mlops.core.version import ModelVersion, Standing
from mlops.registry.deployments import DEPLOYED as ONLINE
from mlops.registry.deployments import note as noted
from mlops.registry.intent import Intent
from mlops.registry.moves import Moves
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions, models

DEPLOYED = "champion"  # the alias that what is deployed follows


def versions_of(job: Job) -> Versions:
    """The versions that `job` is about, whether there are any or not."""
    found: Versions = job.part("registry").versions(job.outputs, job.name)
    return found


def every_model(job: Job) -> list[Versions]:
    """The versions of each model that has some, wherever the chosen registry keeps them.

    Raises
    ------
    MlopsError
        The place cannot be reached.
    """
    kept = getattr(job.part("registry"), "kept", None)
    if kept is not None:
        found: list[Versions] = kept(job.outputs)[0]
        return found
    return [Versions(job.outputs, name) for name in models(job.outputs)]


def known_versions(job: Job) -> Versions:
    """The versions that `job` is about.

    Raises
    ------
    MlopsError
        There are none; names the models that have some (exit code 2). Their history was taken
        away (3).
    """
    versions = versions_of(job)
    if not versions.ledger.path.exists():
        versions.ledger.verify()  # it was taken away, if anything remembers its lines
        names = versions.ledger.others()
        nearest = closest(versions.model, names) or (names[0] if names else "")
        raise fail(
            "no-versions",
            f"{versions.model} has no versions.",
            where=str(versions.folder.parent),
            found=versions.model,
            accepted=listed(names) or "none yet: a run whose gates pass makes the first",
            closest=nearest,
            next_step=f"write name={nearest}" if nearest else "mlops",
            exit_code=USER,
        )
    return versions


def moves(job: Job, versions: Versions) -> Moves:
    """Who moves the aliases of `versions`, and what is deployed with them."""

    def deploy(intent: Intent) -> None:
        if intent.alias == DEPLOYED:
            folder = versions.shelf.place(intent.version)
            deployed(job, versions, folder, version=intent.version, intent=intent.key)

    return Moves(versions, deploy)


def deployed(job: Job, versions: Versions, folder: Path, *, version: int, **cause: str) -> None:
    """Put online what lies in `folder`, and note how long that took.

    Parameters
    ----------
    job : Job
    versions : Versions
    folder : pathlib.Path
    version : int
    **cause : str
        ``intent`` or ``run``: the key of what led to it.
    """
    began = perf_counter()
    deployer = job.part("deployer")
    if hasattr(deployer, "serves"):
        from mlops.flow.online import spec_of

        deployer.serves(spec_of(job, versions), seq=versions.ledger.entries()[-1].seq)
    says = deployer.deploy(versions.model, folder)
    seconds = round(perf_counter() - began, 4)
    told = {"by": job.choices["deployer"], "seconds": seconds, "says": masked(str(says)), **cause}
    noted(versions, ONLINE, version=version, **told)


def caught_up(job: Job, versions: Versions) -> tuple[str, ...]:
    """Do what others left undone: half an act, changes made in MLflow; tell it, a line each."""
    from mlops.tracker.elsewhere import forget, notes

    told = [moves(job, versions).settle()]
    ours = versions.ledger.is_followed
    for path, note in notes(job.outputs, versions.model) if ours else ():
        told += [f"changed elsewhere: {entry.why}" for entry in versions.found_elsewhere([note])]
        forget(path)
    return tuple(each for each in (*told, *versions.ledger.take_notes()) if each)


def may_register(job: Job) -> None:
    """Make sure, before a model is trained, that the history of its versions can go on.

    Raises
    ------
    MlopsError
        It is broken, or a newer release wrote it (exit code 3).
    """
    if job.part("registry").registers(job.name, True):
        versions = versions_of(job)
        if versions.ledger.is_followed:  # another is read when it is written: it may lie far away
            versions.ledger.verify()


def registered(job: Job, folder: Path) -> ModelVersion:
    """Make a version of the run in `folder`, which wrote its candidate there.

    A new one that is champion at once, as the first one is, goes online.
    """
    versions = versions_of(job)
    for told in caught_up(job, versions):
        job.part("ui").line(told)
    candidate = Candidate.of(folder)
    assert candidate is not None
    version = versions.register(candidate)
    for told in versions.ledger.take_notes():
        job.part("ui").line(told)
    if version.is_new and DEPLOYED in version.aliases:
        place = versions.shelf.place(version.number)
        deployed(job, versions, place, version=version.number, run=version.run)
        job.part("monitor").watch(versions.model, place)
    return version


def standing_of(job: Job) -> Standing | None:
    """All that a tracking server is to know about the model of `job`; None if nothing."""
    return versions_of(job).standing()


def tell_tracker(job: Job, versions: Versions) -> None:
    """Leave word of how the model stands; the recorder follows by itself."""
    standing = versions.standing()
    if standing is not None:
        tracker = job.part("tracker")
        tracker.open(job.outputs)
        try:
            tracker.submit(standing)
        finally:
            tracker.close(0)


def look_at_tracker(job: Job, versions: Versions) -> None:
    """Let the recorder find what somebody changed in MLflow: the next command tells it."""
    if versions.ledger.is_followed:
        tracker = job.part("tracker")
        with suppress(MlopsError):  # who may only read here reads all the same
            tracker.open(job.outputs)
            tracker.close(0)


def moved(job: Job, versions: Versions, intent: Intent, told: tuple[str, ...]) -> Result:
    """The result of an act, after leaving word of it."""
    tell_tracker(job, versions)
    before = f"instead of version {intent.was}" if intent.was else "which nobody was"
    says = f"version {intent.version} of {versions.model} is {intent.alias} now, {before}"
    told = (*told, *versions.ledger.take_notes())
    return Result(
        outcome="done",
        name=versions.model,
        details={"says": says, "lines": list(told), **asdict(intent)},
    )


def shown(version: ModelVersion) -> dict[str, Any]:
    """A version as a result tells it."""
    return {
        "model": version.model,
        "number": version.number,
        "aliases": list(version.aliases),
        "new": version.is_new,
        "says": str(version) if version.is_new else f"already {version}",
    }
