"""The model in use as a rival: its answers for rows that neither it nor the new one has seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.config.job import Job
from mlops.core.dataset import Dataset, Task
from mlops.core.errors import MlopsError, fail, listed
from mlops.core.report import Predictions, Rival
from mlops.core.snapshot import told
from mlops.flow.deploying import DEPLOYED
from mlops.flow.fitting import predict
from mlops.flow.heard import QUOTED
from mlops.flow.prepare import Prepared
from mlops.flow.registered import versions_of
from mlops.flow.subject import Subject, of_version
from mlops.flow.unseen import unseen
from mlops.registry.opened import opened

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ROWS = 30  # with fewer, chance alone decides
OTHERWISE = "or promote the new model with override=true and a reason"


def rival(job: Job, prepared: Prepared) -> Rival:
    """The champion, and what it answers on the rows of `prepared`'s test part that are fit for it.

    Whatever stands in the way of a comparison is told in the rival's words, and never raised: a
    champion that is damaged, or that this data does not suit, makes its gate refuse and does not
    end the run.
    """
    label = "the champion"
    try:
        versions = versions_of(job)
        holder = versions.holder(DEPLOYED)
        if holder is None or not holder.version:
            return Rival(says="there is no champion yet")
        version = versions.version(holder.version)
        label = str(version)
        return _answering(of_version(versions, version), job, prepared)
    except MlopsError as error:
        first = error.problems[0]
        says = first.says[:1].lower() + first.says[1:].rstrip(".")
        return Rival(label, f"{says}; {first.next_step}")
    except Exception as error:  # whatever an older model makes of newer data
        said = f"{type(error).__name__}: {error}".strip().split("\n")[0][:200]
        said = QUOTED.sub("…", said) if prepared.dataset.sensitive else said
        return Rival(label, f"it cannot answer for this data ({said}); {OTHERWISE}")


def _answering(champion: Subject, job: Job, prepared: Prepared) -> Rival:
    test, about = prepared.test, champion.about
    names = _inputs(about, test, job.outputs)
    positions, how = unseen(prepared, champion.folder, about, job.outputs)
    left, every = len(positions), len(test.frame)
    many = f"{left:,} of {every:,} test rows" if left < every else f"all {every:,} test rows"
    how = f" ({how})" if how else ""
    if left < FEWEST_ROWS:
        raise fail(
            "too-few-rows",
            f"Only {many} are new to both, {FEWEST_ROWS} are needed{how}",
            where="test part",
            found=many,
            accepted=f"{FEWEST_ROWS} rows or more",
            next_step="keep splitter and seed, or bring rows that neither has seen",
        )
    pipeline = opened(champion.folder, about, allowed=job.allowed)
    answers = _answers(pipeline, test.frame.iloc[positions][names], test.task)
    return Rival(champion.label, f"{many}, new to both{how}", positions, answers)


def _inputs(about: dict[str, Any], test: Dataset, outputs: Path) -> list[str]:
    """The columns that the champion asks for, after making sure that it predicts the same."""
    task = test.task
    then = about.get("task") or told(str(about.get("snapshot", "")), outputs).get("task")
    if then and (then["target"], then["name"]) != (task.target, task.name):
        raise fail(
            "another-task",
            f"It predicts {then['target']} ({then['name']}), and the new model {task.target} "
            f"({task.name})",
            where="data.target",
            found=task.target,
            accepted=then["target"],
            next_step=f"give the new model another name (name=…), {OTHERWISE}",
        )
    names = [name for name, *_ in about["signature"]["inputs"]]
    missing = [name for name in names if name not in test.frame]
    if missing:
        raise fail(
            "columns-missing",
            f"This data lacks columns that it asks for ({listed(missing, 5)})",
            where="data",
            found=f"missing: {listed(missing)}",
            accepted=listed(names, 50),
            next_step=f"bring them back, {OTHERWISE}",
        )
    return names


def _answers(pipeline: Any, rows: pd.DataFrame, task: Task) -> Predictions:
    """What the champion answers; its classes have to be among those of the new data."""
    known = list(getattr(pipeline, "classes_", ()))
    strange = sum(each not in task.classes for each in known)
    if strange or bool(known) != bool(task.classes):
        raise fail(
            "other-classes",
            f"It knows {strange} classes that this data does not have"
            if task.classes
            else "It answers classes, and the new model numbers",
            where="target column",
            found=f"{len(task.classes)} classes",
            accepted=f"{len(known)} classes",
            next_step=f"bring rows of them, {OTHERWISE}",
        )
    return predict(pipeline, rows, task)
