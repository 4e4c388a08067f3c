"""A run and its repetition: metrics to the last bit, rows, and what surrounds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops.config.compose import Composed
from mlops.config.job import Job
from mlops.core.errors import MlopsError
from mlops.core.record import Result
from mlops.flow.surroundings import code_state, machine, packages
from mlops.registry.opened import other_libraries
from mlops.registry.shelf import Candidate

SAME = "same"
SHORT = 12


def compared(about: dict[str, Any], result: Result) -> list[dict[str, Any]]:
    """One row a metric that the first run had: both values, and in what they differ.

    Equal means equal to the last bit.
    """
    now = {metric["name"]: metric["value"] for metric in result.metrics}
    return [
        {"metric": name, "then": value, "now": now.get(name), "difference": _by(value, now[name])}
        if name in now
        else {"metric": name, "then": value, "now": None, "difference": "it is not there now"}
        for name, value in about["metrics"].items()
    ]


def _by(then: float, now: float) -> str:
    """In what two numbers differ.

    >>> _by(0.1 + 0.2, 0.3), _by(0.5, 0.5), _by(float("nan"), float("nan"))
    ('-5.55e-17', 'same', 'same')
    """
    return SAME if float(then).hex() == float(now).hex() else f"{now - then:+.3g}"


def rows_told(composed: Composed, again: Job, about: dict[str, Any], folder: Path) -> Iterator[str]:
    """Which rows the repetition had, and whether the source still has them.

    Parameters
    ----------
    composed : Composed
        As the first run wrote it down, with its own source.
    again : Job
        What was run.
    about : dict
        What the first run said of itself.
    folder : pathlib.Path
        Of the repetition.
    """
    source = about.get("source", "its source")
    if again.choices["data"] != composed.choices["data"]:
        yield f"rows: those it had, {about.get('rows', '')} of {source}, kept in a snapshot"
        yield from _source_told(composed, str(source), str(about.get("source_key", "")))
        return
    if about.get("snapshot"):
        candidate = Candidate.of(folder)
        then = str(about.get("data_fingerprint", ""))
        now = str(candidate.about["data_fingerprint"]) if candidate else ""
        if then == now:
            yield f"rows: read again from {source}, the same content (fingerprint {now[:SHORT]})"
        else:
            yield f"rows: read again from {source}, and they are others than it had: "
            yield f"fingerprint {then[:SHORT]} then, {now[:SHORT]} now"


def _source_told(composed: Composed, source: str, then: str) -> Iterator[str]:
    """Whether the source has the same content now."""
    try:
        now = str(Job.of(composed, ["data"]).part("data").source_key())
    except MlopsError as error:
        first = error.problems[0]
        yield f"source: {source} cannot be read now: {first.says} ({first.found})"
        return
    if then and now != then:
        yield (
            f"source: {source} has changed since, sha256 {then[:SHORT]} then, {now[:SHORT]} now; "
            "rows=source reads it again"
        )
    else:
        yield f"source: {source} has not changed since"


def surroundings_told(project: Path, about: dict[str, Any], folder: Path) -> Iterator[str]:
    """In what libraries, machine and code differ.

    Parameters
    ----------
    project : pathlib.Path
    about : dict
        What the first run said of itself.
    folder : pathlib.Path
        Its own.
    """
    found = [*_libraries(about, folder), *_machine(about["machine"])]
    yield f"environment: {', '.join(found)}" if found else "environment: as it was"
    then, now = about["code"], code_state(project)[0]
    before, after = _commit(then), _commit(now)
    if then or now:
        yield f"code: {before} then, {after} now" if before != after else f"code: {after}, as then"


def _libraries(about: dict[str, Any], folder: Path) -> Iterator[str]:
    """What the model was made with, by name; of all other packages, how many differ."""
    named = other_libraries(about)
    yield from named
    try:
        then = set((folder / "requirements.txt").read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):
        return
    names = {line.partition("==")[0] for line in then ^ set(packages().split())}
    others = names - {each.partition(" ")[0] for each in named}
    if others:
        yield f"{len(others)} {'other ' if named else ''}package{'s' * (len(others) > 1)}"


def _machine(then: dict[str, Any]) -> Iterator[str]:
    now = machine()
    for name, value in then.items():
        if now.get(name) != value:
            yield f"{name} {value} → {now.get(name, 'unknown')}"


def _commit(tags: dict[str, Any]) -> str:
    """The state of the code in a few words.

    >>> _commit({"git.commit": "0123456789abcdef", "git.clean": "false"})
    'commit 01234567 with uncommitted changes'
    """
    if not tags.get("git.commit"):
        return "not under Git"
    changes = " with uncommitted changes" if tags.get("git.clean") == "false" else ""
    return f"commit {str(tags['git.commit'])[:8]}{changes}"
