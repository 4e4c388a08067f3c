"""What every run and every version said of where it comes from, put together as one tree."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import MlopsError
from mlops.core.snapshot import told
from mlops.core.version import ModelVersion
from mlops.flow.about import sound
from mlops.flow.registered import every_model, versions_of
from mlops.flow.reigns import reigns
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions, models

About = dict[str, Any]
Node = dict[str, Any]
SHORT, FILE_DIGITS = 12, 64


class Traces:
    """All runs in full mode, those of versions whose run folder is gone too.

    Parameters
    ----------
    job : Job
    """

    def __init__(self, job: Job) -> None:
        self.outputs = job.outputs
        self.abouts: dict[str, About] = {}
        self.versions: dict[str, list[tuple[Versions, ModelVersion]]] = {}
        for folder in (job.outputs / "runs").glob("*/"):
            if (candidate := Candidate.of(folder)) is not None:
                about = sound(candidate.about)
                self.abouts[str(about.get("run"))] = about
        for versions in _registered(job):
            for version in versions.all():
                about = sound(versions.shelf.manifest(version.number))
                self.abouts[version.run] = {**about, "run": version.run}
                self.versions.setdefault(version.run, []).append((versions, version))
        self._files = {
            str(about.get("snapshot")): str(about.get("source_key"))
            for about in self.abouts.values()
            if len(str(about.get("source_key"))) == FILE_DIGITS
        }

    def source_key(self, about: About) -> str:
        """Hash of the file that a run's rows come from, by way of a snapshot or not."""
        key = str(about.get("source_key", ""))
        return key if len(key) == FILE_DIGITS else self._files.get(key, key)

    def that_saw(self, key: str) -> list[About]:
        """Runs that saw a file of this hash, or rows that others read from it."""
        saw = [each for each in self.abouts.values() if key and self.source_key(each) == key]
        rows = {_rows_key(each) for each in saw}
        return [each for each in self.abouts.values() if _rows_key(each) in rows]

    def of_rows(self, digits: str) -> list[About]:
        """Runs whose rows, snapshot or file have a key that begins so."""
        return [
            each
            for each in self.abouts.values()
            if any(
                str(key).startswith(digits)
                for key in (
                    each.get("data_fingerprint"),
                    each.get("snapshot"),
                    self.source_key(each),
                )
            )
        ]

    def of(self, abouts: Iterable[About]) -> list[tuple[Versions, ModelVersion]]:
        """The versions that these runs became, the oldest first."""
        found = [pair for each in abouts for pair in self.versions.get(str(each.get("run")), ())]
        return sorted(found, key=lambda pair: (pair[0].model, pair[1].number))

    def tree(self, abouts: Iterable[About]) -> list[Node]:
        """Source, rows, run, version, reign: each a dict with what is ``below`` it.

        Runs that became versions come first, then the newest.
        """
        found: dict[tuple[str, str], dict[tuple[str, str], list[About]]] = {}
        order = sorted(abouts, key=lambda each: str(each.get("run")), reverse=True)
        for about in sorted(order, key=lambda each: str(each.get("run")) not in self.versions):
            source = (str(about.get("source", "unknown source")), self.source_key(about))
            found.setdefault(source, {}).setdefault(_rows_key(about), []).append(about)
        return [
            _node("data", name, _file(key), [self._rows(each) for each in rows.values()])
            for (name, key), rows in found.items()
        ]

    def _rows(self, abouts: list[About]) -> Node:
        about = abouts[0]
        size = f"{about['rows']:,} × {about['columns']}" if "columns" in about else ""
        kept = told(str(about.get("snapshot", "")), self.outputs)
        says = f"fingerprint {str(about.get('data_fingerprint', 'unknown'))[:SHORT]}, "
        says += "kept" if kept else "not kept"
        return _node("rows", size or "its rows", says, [self._run(each) for each in abouts])

    def _run(self, about: About) -> Node:
        key = str(about.get("run"))
        below = [self._version(*pair) for pair in self.versions.get(key, ())]
        return _node("run", key, "; ".join(_run_told(about)), below)

    def _version(self, versions: Versions, version: ModelVersion) -> Node:
        says = f"of {versions.model}, since {version.at[:16].replace('T', ' ')} by {version.who}"
        label = str(version).removeprefix("version ")
        below = [_node("online", span, how, []) for span, how in reigns(versions, version.number)]
        return _node("version", label, says, below)


def _registered(job: Job) -> list[Versions]:
    """The versions of every model in the outputs folder, and in the job's own registry."""
    found = {name: Versions(job.outputs, name) for name in models(job.outputs)}
    with suppress(MlopsError):  # a registry that takes nothing
        own = versions_of(job)
        found[own.model] = own  # whatever is wrong with another one
        found |= {versions.model: versions for versions in every_model(job)}
    return list(found.values())


def _node(kind: str, label: str, says: str, below: list[Node]) -> Node:
    return {"kind": kind, "label": label, "says": says, "below": below}


def _rows_key(about: About) -> tuple[str, str]:
    return str(about.get("data_fingerprint", "")), str(about.get("snapshot", ""))


def _file(key: str) -> str:
    return f"sha256 {key[:SHORT]}" if key else ""


def _run_told(about: About) -> Iterable[str]:
    """What made the model: option, measure, code, and the runs that this one comes from."""
    primary, choices, metrics = about.get("primary", ""), about["choices"], about["metrics"]
    told = [str(choices["model"])] if "model" in choices else []
    told += [f"{primary} {metrics[primary]:.4g}"] if primary in metrics else []
    if told:
        yield ", ".join(told)
    code = about["code"]
    if code.get("git.commit"):
        changes = ", with uncommitted changes" if code.get("git.clean") == "false" else ""
        yield f"commit {str(code['git.commit'])[:8]}{changes}"
    if about.get("sweep"):
        yield f"in sweep {str(about['sweep']).rpartition('-')[0]}"
    if about.get("rerun_of"):
        yield f"repeats {about['rerun_of']}"
    if choices.get("data") == "snapshot":
        yield "rows from a snapshot"
