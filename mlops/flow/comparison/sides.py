"""One of the two models that are compared, with all that was kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from mlops.config.job import Job
from mlops.core.dataset import Dataset
from mlops.core.errors import MlopsError, fail
from mlops.flow.snapshot import read_rows, read_snapshot
from mlops.flow.subject import Subject
from mlops.registry.opened import opened

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Side:
    """A model, its configuration and its data.

    Parameters
    ----------
    subject : Subject
    config : dict
        As the run recorded it; empty where it cannot be read.
    dataset : Dataset or None
        None where the data is not kept.
    rows : dict of str to numpy.ndarray
        ``train`` and ``test``: positions in `dataset`; empty for a run of an earlier release.
    pipeline : object or None
        None where it cannot be opened.
    missing : tuple of str
        What is not there, in sentences.
    """

    subject: Subject
    config: dict[str, Any]
    dataset: Dataset | None = None
    rows: dict[str, np.ndarray] = field(default_factory=dict)
    pipeline: Any = None
    missing: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """For people: ``version 7 (champion)``."""
        return self.subject.label

    @property
    def short(self) -> str:
        """For the head of a column: ``version 7``, or ``run`` and the end of its key."""
        version = self.subject.version
        return f"version {version.number}" if version else f"run {self.key.rpartition('-')[2]}"

    @property
    def key(self) -> str:
        """The run's key."""
        return str(self.subject.about.get("run", ""))

    @property
    def stem(self) -> str:
        """What it is called in the name of a file."""
        version = self.subject.version
        return f"v{version.number}" if version else self.key


def side(job: Job, subject: Subject) -> Side:
    """Gather what was kept of `subject`; what is missing is told, not raised."""
    missing: list[str] = []

    def attempt(what: str, get: Any) -> Any:
        try:
            return get()
        except MlopsError as error:
            first = error.problems[0]
            missing.append(f"{what} of {subject.label}: {first.says} {first.found}")
        except (OSError, ValueError) as error:
            missing.append(f"{what} of {subject.label} cannot be read: {type(error).__name__}")
        return None

    about, folder = subject.about, subject.folder
    return Side(
        subject=subject,
        config=attempt("the configuration", lambda: _config(subject)) or {},
        dataset=attempt("the data", lambda: read_snapshot(about, job.outputs)),
        rows=attempt("the split", lambda: read_rows(folder)) or {},
        pipeline=attempt("the model", lambda: opened(folder, about, allowed=job.allowed)),
        missing=tuple(missing),
    )


def _config(subject: Subject) -> dict[str, Any]:
    try:
        found = yaml.safe_load((subject.folder / "config.yaml").read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    return found if isinstance(found, dict) else {}


def refuse_strangers(a: Side, b: Side) -> None:
    """Refuse models that do not predict the same thing.

    Raises
    ------
    MlopsError
        Another task, another target, or classes with none in common.
    """
    what = [_predicts(each) for each in (a, b)]
    classes = [set(each.dataset.task.classes) if each.dataset else set() for each in (a, b)]
    apart = all(classes) and not classes[0] & classes[1]
    if any(x and y and x != y for x, y in zip(*what, strict=True)) or apart:
        told = [
            f"{each.label} predicts {target}" + (f" ({task})" if task else "")
            for each, (task, target) in zip((a, b), what, strict=True)
        ]
        raise fail(
            "not-comparable",
            "The two models do not predict the same thing.",
            where=f"a={a.stem} b={b.stem}",
            found="; ".join(told) + ("; they share no class" if apart else ""),
            accepted="two models of one task and one target",
            next_step="name two models that answer the same question: mlops runs shows them",
        )


def _predicts(side: Side) -> tuple[str, str]:
    """Task and target; empty where unknown."""
    if side.dataset is not None:
        return side.dataset.task.name, side.dataset.task.target
    task = side.subject.about.get("task") or {}
    data = side.config.get("data") or {}
    return str(task.get("name") or data.get("task") or ""), str(data.get("target") or "")
