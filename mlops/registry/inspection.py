"""What a doctor says about the versions: is the history as it was written, are the files whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlops.core.errors import MlopsError
from mlops.core.version import ModelVersion
from mlops.registry.intent import Intent
from mlops.registry.versions import Versions, models

Finding = tuple[str, str, str]  # ok, look or broken; what was found; what to do


def inspect(outputs: Path) -> Finding:
    """The worst that is found about any model below `outputs`; reads every file of every version.

    Returns
    -------
    tuple of (str, str, str)
        ``ok``, ``look`` (it works, and somebody should know) or ``broken``; what was found; how
        to repair it.
    """
    names = models(outputs)
    found = [finding for name in names for finding in _findings(Versions(outputs, name))]
    for state in ("broken", "look"):
        some = [each for each in found if each[0] == state]
        if some:
            return state, "; ".join(says for _, says, _ in some), some[0][2]
    count = sum(len(Versions(outputs, name).all()) for name in names)
    return "ok", f"{len(names)} models, {count} versions, all whole", ""


def _findings(versions: Versions) -> Iterator[Finding]:
    model = versions.model
    try:
        known = versions.all(versions.ledger.verify())
    except MlopsError as error:
        problem = error.problems[0]
        yield "broken", problem.says, problem.next_step
        return
    if versions.ledger.torn():
        yield (
            "look",
            f"{model}: a crash cut off the last line",
            "none needed: the next act mends it",
        )
    if (intent := Intent.read(versions.folder)) is not None:
        says = f"{model}: a {intent.act} was cut off"
        yield "look", says, f"mlops history name={model} finishes or undoes it"
    for version in known:
        if wrong := versions.wrong(version):
            yield _damage(versions, known, version, wrong)


def _damage(
    versions: Versions, known: list[ModelVersion], version: ModelVersion, wrong: str
) -> Finding:
    """A version that cannot be used: bad if it has a name, else worth knowing."""
    says = f"{versions.model} {version}: {wrong}"
    folder = versions.shelf.place(version.number)
    if not version.aliases:
        return "look", says, f"put {folder} back from a backup, or do without it"
    usable = [each.number for each in known if not versions.wrong(each)]
    back = f"mlops rollback name={versions.model} alias={version.aliases[0]}"
    repair = f"{back} to={usable[-1]}" if usable else "run again: what is accepted is a new version"
    return "broken", says, f"put {folder} back from a backup, or {repair}"
