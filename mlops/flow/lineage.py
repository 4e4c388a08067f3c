"""`mlops lineage`: from data to deployments, and back from a file to the models that saw it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import MlopsError, fail, listed
from mlops.core.paths import near, write_whole
from mlops.core.record import Result
from mlops.core.store import digest
from mlops.data.local_file import find
from mlops.flow.about import sound
from mlops.flow.subject import subject
from mlops.flow.traces import SHORT, About, Traces

FEWEST_DIGITS = 6


class Lineage:
    """Show where a model comes from and where it went, or who saw a piece of data.

    Parameters
    ----------
    version : str or None
        Number of a version, or a name that it has; the champion if nothing is given.
    run : str or None
        Key of a run, or of a sweep, which means its winner.
    file : str or None
        Path of a data file: which models saw it, as it is now?
    fingerprint : str or None
        Of rows, of a snapshot, or the hash of a file; its beginning is enough.
    """

    def __init__(
        self,
        *,
        version: str | None = None,
        run: str | None = None,
        file: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self.version = version
        self.run = run
        self.file = file
        self.fingerprint = fingerprint

    def __call__(self, job: Job) -> Result:
        """Give the tree, and write the page.

        Raises
        ------
        MlopsError
            There is no such model or file, or more than one is asked for (exit code 2).
        """
        given = {key: value for key, value in vars(self).items() if value is not None}
        if len(given) > 1:
            raise _one(given)
        if self.file is not None:
            return self._seen_file(job, self.file)
        if self.fingerprint is not None:
            return self._seen_rows(job, self.fingerprint)
        key, called = next(iter(given.items()), ("version", "champion"))
        return self._model(job, called, key)

    def _model(self, job: Job, called: str, key: str) -> Result:
        """One model: what it was made of, and what became of it."""
        found = subject(job, called, where=key)
        traces = Traces(job)
        about = sound({"run": called, **found.about})
        same = [each for each in traces.abouts.values() if _same_rows(each, about)]
        others = [each for each in same if each.get("run") != about["run"]]
        rows = str(about.get("data_fingerprint", ""))[:SHORT]
        count = "another run" if len(others) == 1 else f"{len(others)} other runs"
        more = f"{count} saw the same rows: mlops lineage fingerprint={rows}"
        name = found.version.model if found.version else str(about.get("name") or "run")
        called = f"version-{found.version.number}" if found.version else about["run"]
        says = f"{name} {found.label}" if found.version else found.label
        return _result(
            job,
            traces,
            [about],
            title=says,
            says=says,
            page=f"{name}-{called}",
            lines=[more] if others else [],
        )

    def _seen_file(self, job: Job, path: str) -> Result:
        key = digest(_found(path))
        traces = Traces(job)
        saw, lines = traces.that_saw(key), []
        if not saw:
            name = Path(path.removeprefix("bundled:")).name
            before = [
                each
                for each in traces.abouts.values()
                if Path(str(each.get("source", "")).removeprefix("bundled:")).name == name
            ]
            keys = dict.fromkeys(traces.source_key(each)[:SHORT] for each in before)
            lines = [
                f"runs saw a {name} of other content: mlops lineage fingerprint={each}"
                for each in list(keys)[:5]
            ]
        what = f"{path} (sha256 {key[:SHORT]})"
        return self._seen(job, traces, saw, what, f"data-{key[:SHORT]}", lines)

    def _seen_rows(self, job: Job, digits: str) -> Result:
        digits = digits.strip().lower()
        if len(digits) < FEWEST_DIGITS or set(digits) - set("0123456789abcdef-"):
            raise fail(
                "no-fingerprint",
                "That is no fingerprint.",
                where="fingerprint",
                found=digits[:80],
                accepted=f"at least {FEWEST_DIGITS} digits 0-9, a-f: of rows, a snapshot or a file",
                next_step="mlops lineage shows them; for a file write file=PATH",
            )
        traces = Traces(job)
        what = f"{digits[:SHORT]}{'…' * (len(digits) > SHORT)}"
        return self._seen(job, traces, traces.of_rows(digits), what, f"data-{digits[:SHORT]}", [])

    def _seen(
        self, job: Job, traces: Traces, saw: list[About], what: str, page: str, lines: list[str]
    ) -> Result:
        versions = [f"{held.model} {version}" for held, version in traces.of(saw)]
        became = f", which became {listed(versions)}" if versions else ", none became a version"
        count = f"{len(saw)} run{'s' * (len(saw) != 1)}"
        says = f"{count} saw {what}{became}" if saw else f"no run has seen {what}"
        return _result(job, traces, saw, title=what, says=says, page=page, lines=lines)


def _result(
    job: Job,
    traces: Traces,
    abouts: list[About],
    *,
    title: str,
    says: str,
    page: str,
    lines: list[str],
) -> Result:
    """The tree, with a page where there is something to draw."""
    abouts = [{**each, "source_key": traces.source_key(each)} for each in abouts]
    tree = traces.tree(abouts)
    details: dict[str, Any] = {"tree": tree, "says": says, "lines": lines}
    if tree:
        from mlops.flow.lineage_page import html

        path = job.outputs / "lineage" / f"{page}.html"
        write_whole(path, html(title, says, tree, abouts))
        shown = near(path, job.project)
        details |= {"lines": [*lines, f"page: {shown}"], "page": shown}
    return Result(outcome="done", name=job.name, details=details)


def _same_rows(one: About, other: About) -> bool:
    key = other.get("data_fingerprint")
    return bool(key) and one.get("data_fingerprint") == key


def _found(path: str) -> Path:
    """The file at `path`; what is told against it names the word of this command."""
    try:
        return find(path, Path(path).suffix or ".csv")
    except MlopsError as error:
        told = [
            replace(
                each,
                where=each.where.replace("data.path=", "file="),
                next_step=each.next_step.replace("data.path", "file"),
            )
            for each in error.problems
        ]
        raise MlopsError(*told) from None


def _one(given: dict[str, str]) -> MlopsError:
    return fail(
        "which-model",
        "One question at a time.",
        where="command line",
        found=" ".join(f"{key}={value}"[:60] for key, value in given.items()),
        accepted="one of version=, run=, file= and fingerprint=",
        next_step=f"leave out {' and '.join(f'{key}=' for key in list(given)[1:])}",
    )
