"""Whatever a model may be called by: a name, a version's number, a run's key, a sweep's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.errors import MlopsError, closest, fail, listed
from mlops.core.lines import parsed
from mlops.core.version import ModelVersion
from mlops.registry.refusals import not_whole
from mlops.registry.shelf import Candidate

if TYPE_CHECKING:
    from mlops.registry.versions import Versions

NUMBER = re.compile(r"^[0-9]{1,6}$")
KEY = re.compile(r"^[A-Za-z0-9-]{4,40}$")


@dataclass(frozen=True)
class Subject:
    """A model that was asked for.

    Parameters
    ----------
    label : str
        For people: ``version 7 (champion)`` or ``run 20260131-101500-1a2b3c4d``.
    folder : pathlib.Path
        Holds its files: model, report, ``config.yaml``, ``golden/``, ``rows.npz``.
    about : dict
        What the run said of itself: ``run``, ``snapshot``, ``metrics``, ``primary``, ``code``, …
    version : ModelVersion or None
        None for a run that is no version.
    """

    label: str
    folder: Path
    about: dict[str, Any]
    version: ModelVersion | None = None


def subject(versions: Versions, called: int | str, *, where: str) -> Subject:
    """The model that is `called` so.

    Parameters
    ----------
    versions : Versions
        Of the registered model that names and numbers belong to.
    called : int or str
        A version's number, a name that it has, a run's key (its end is enough), or a sweep's
        key, which means the sweep's winner.
    where : str
        The key of the command that says so, for errors.

    Raises
    ------
    MlopsError
        There is no such model (exit code 2); its files are not whole, or the history that would
        know it was taken away (exit code 3).
    """
    known, text = versions.all(), str(called).strip()
    for version in known:
        if text == str(version.number) or text in version.aliases:
            return of_version(versions, version)
    run = None if NUMBER.match(text) else _run(versions.outputs, text, where)
    if run is None:
        versions.ledger.verify()  # it was taken away, if anything remembers its lines
        raise _nobody(versions, known, text, where)
    key = run.about["run"]
    same = [version for version in known if version.run == key]
    return of_version(versions, same[0]) if same else Subject(f"run {key}", run.folder, run.about)


def of_version(versions: Versions, version: ModelVersion) -> Subject:
    """A version, after making sure that its files are as they were registered.

    Raises
    ------
    MlopsError
        They are not (exit code 3).
    """
    if wrong := versions.wrong(version):
        raise not_whole(versions, version, wrong)
    folder, about = versions.shelf.place(version.number), versions.shelf.manifest(version.number)
    return Subject(str(version), folder, about, version)


def _run(outputs: Path, key: str, where: str) -> Candidate | None:
    """The run whose key ends so, or the winner of the sweep whose key does; None if none does.

    Raises
    ------
    MlopsError
        Several do (exit code 2).
    """
    if not KEY.match(key):
        return None
    found = []
    for folder in sorted((outputs / "runs").glob(f"*-*{key}"), reverse=True):
        candidate = Candidate.of(folder) or _winner(outputs, folder)
        found += [candidate] if candidate is not None else []
        if len(keys := list(dict.fromkeys(str(each.about["run"]) for each in found))) > 1:
            raise _several(key, keys, where)
    return found[0] if found else None


def _winner(outputs: Path, sweep: Path) -> Candidate | None:
    """What a sweep would register, or registered."""
    try:
        details = parsed((sweep / "result.json").read_bytes())["details"]
        keys = [*details.get("registers", {}), *(row["run"] for row in details["rows"])]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for key in keys:
        for folder in (outputs / "runs").glob(f"*-{key}") if key else ():
            if (candidate := Candidate.of(folder)) is not None:
                return candidate
    return None


def _several(key: str, keys: list[str], where: str) -> MlopsError:
    return fail(
        "ambiguous-key",
        f"The keys of several runs end in {key}.",
        where=where,
        found=listed(keys),
        accepted="so much of a key that it is one run's alone",
        closest=keys[0],
        next_step=f"write {where}={keys[0]}, which is the newest",
    )


def _nobody(versions: Versions, known: list[ModelVersion], text: str, where: str) -> MlopsError:
    names = [name for version in known for name in version.aliases]
    numbers = f"1 to {len(known)}" if len(known) > 1 else "1" if known else ""
    others = [] if known else versions.ledger.others()
    look = "mlops makes the first one"
    if known:
        look = "mlops history shows versions and names, mlops runs the runs"
    elif any((versions.outputs / "runs").glob("*/")):
        look = "mlops runs shows the runs"
    return fail(
        "no-such-model",
        f"No version of {versions.model} and no run is called {text[:60]}."
        if text
        else f"{where} names no version and no run.",
        where=where,
        found=text[:80] or "nothing",
        accepted=listed([each for each in (*names, numbers) if each])
        + (", or " if known else "")
        + "the key of a run or sweep in full mode",
        closest=closest(text, names),
        next_step=f"write name={closest(versions.model, others) or others[0]}" if others else look,
    )
