"""Between a command and the registry: which model is meant, and what others left undone there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import USER, MlopsError, closest, fail, listed
from mlops.core.record import Result
from mlops.core.version import ModelVersion, Standing
from mlops.flow.deploying import DEPLOYED, Deploying
from mlops.flow.surroundings import git
from mlops.flow.witnesses import refuse_a_lost_history
from mlops.registry.intent import Intent
from mlops.registry.ledger import LOCKED
from mlops.registry.moves import Moves
from mlops.registry.shelf import Candidate
from mlops.registry.subject import NUMBER
from mlops.registry.versions import Versions, models

IN_GIT = "mlops"  # where registry=git keeps its files, in Git's own folder


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


def refuse_elsewhere(job: Job) -> None:
    """Make sure that versions are kept below the outputs folder, where backups are made of them.

    Raises
    ------
    MlopsError
        The registry keeps them elsewhere (exit code 2).
    """
    if hasattr(job.part("registry"), "kept"):
        raise fail(
            "kept-elsewhere",
            "These versions are not kept below outputs: no backup is made of them or put back.",
            where=f"registry={job.choices['registry']}",
            found="versions on a branch, which every command puts in line again",
            accepted="registry=mlflow",
            next_step="git push or git clone makes a copy; git fsck tells whether all is whole",
        )


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
        refuse_a_lost_history(job.outputs, versions)
        names = versions.ledger.others()
        nearest = closest(versions.model, names) or (names[0] if names else "")
        raise fail(
            "no-versions",
            f"{versions.model} has no versions.",
            where=str(versions.folder.parent),
            found=versions.model,
            accepted=listed(names) or "none yet: a run whose gates pass makes the first",
            closest=nearest,
            next_step=f"write name={nearest}" if nearest else _first_step(job),
            exit_code=USER,
        )
    return versions


def _first_step(job: Job) -> str:
    """What to do where no model has versions: they may lie in Git, and the word was left out."""
    git_dir = git(Path.cwd(), "rev-parse", "--git-common-dir").strip()  # linked work trees share it
    is_here = bool(git_dir) and Path(git_dir, IN_GIT).is_dir()
    is_asked = hasattr(job.part("registry"), "kept")
    return "add registry=git: this repository has versions" if is_here and not is_asked else "mlops"


def numbered(versions: Versions, called: int | str, *, where: str) -> int:
    """The number of the version that a command calls by number or name.

    Raises
    ------
    MlopsError
        No version is called so (exit code 2).
    """
    if isinstance(called, int) or NUMBER.match(called):
        return int(called)
    names = {name: each.number for each in versions.all() for name in each.aliases}
    if called not in names:
        raise fail(
            "no-version",
            f"No version of {versions.model} is called {called[:60]}.",
            where=where,
            found=called[:80] or "nothing",
            accepted=f"a number, or {listed(names) or 'a name that one has'}",
            closest=closest(called, names),
            next_step="mlops history shows versions and names",
        )
    return names[called]


def moves(job: Job, versions: Versions, deploying: Deploying | None = None) -> Moves:
    """Who moves the aliases of `versions`, and what is deployed with them."""
    deploying = Deploying(job, versions) if deploying is None else deploying
    return Moves(versions, deploying, deploying.by)


def caught_up(job: Job, versions: Versions) -> tuple[str, ...]:
    """Do what others left undone: half an act, changes made in MLflow; tell it, a line each."""
    deploying = Deploying(job, versions)
    told = [moves(job, versions, deploying).settle(), *deploying.told]
    told += changed_elsewhere(job, versions)
    return tuple(each for each in (*told, *versions.ledger.take_notes()) if each)


@contextmanager
def told_in_any_case(job: Job, told: tuple[str, ...]) -> Iterator[None]:
    """Print what the result would have told, if the block comes to none."""
    try:
        yield
    except MlopsError:
        for line in told:
            job.part("ui").line(line)
        raise


def changed_elsewhere(job: Job, versions: Versions) -> list[str]:
    """Record what somebody changed in MLflow; tell what was not known before, a line each."""
    from mlops.tracker.elsewhere import forget, notes

    look, standing = getattr(job.part("tracker"), "look", None), versions.standing()
    told: list[str] = []
    if look is not None and standing is not None:
        with suppress(
            OSError, MlopsError
        ):  # an address that cannot be had is the recorder's to tell
            look(job.outputs, standing)
    try:
        for path, note in notes(job.outputs, versions.model) if standing is not None else ():
            entries = versions.found_elsewhere([note])
            told += [f"changed elsewhere: {entry.why}" for entry in entries]
            forget(path)
    except (OSError, MlopsError) as error:  # who may only read here reads all the same
        if isinstance(error, MlopsError) and error.problems[0].code != LOCKED:
            raise
    if told:
        tell_tracker(job, versions)  # whatever becomes of the command, MLflow is put right
    return told


def may_register(job: Job) -> None:
    """Make sure, before a model is trained, that the history of its versions can go on.

    Raises
    ------
    MlopsError
        It is broken or was taken away, or a newer release wrote it (exit code 3).
    """
    if job.part("registry").registers(job.name, True):
        versions = versions_of(job)
        if versions.ledger.is_followed:  # another is read when it is written: it may lie far away
            versions.ledger.verify()
            refuse_a_lost_history(job.outputs, versions)


def registered(job: Job, folder: Path) -> ModelVersion:
    """Make a version of the run in `folder`, which wrote its candidate there.

    One that is champion at once, as the first one is, goes online; so does the champion that it
    turns out to be, if a deployer is chosen.
    """
    versions = versions_of(job)
    for told in caught_up(job, versions):
        job.part("ui").line(told)
    candidate, deploying = Candidate.of(folder), Deploying(job, versions)
    assert candidate is not None
    acts = moves(job, versions, deploying)
    version = acts.register(candidate)
    if DEPLOYED in version.aliases and not version.is_new and deploying.is_chosen:
        seen = versions.holder(DEPLOYED)
        acts.promote(version.number, DEPLOYED, seen=seen, why="")
    for told in (*deploying.told, *versions.ledger.take_notes()):
        job.part("ui").line(told)
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


def moved(
    job: Job, versions: Versions, intent: Intent, told: tuple[str, ...], deploying: Deploying
) -> Result:
    """The result of an act, after leaving word of it."""
    tell_tracker(job, versions)
    before = f"instead of version {intent.was}" if intent.was else "which nobody was"
    says = f"version {intent.version} of {versions.model} is {intent.alias} now, {before}"
    if intent.was == intent.version:
        says = f"version {intent.version} of {versions.model} is {intent.alias} already"
    told = (*told, *deploying.told, *versions.ledger.take_notes())
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
