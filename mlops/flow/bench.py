"""Where trials are scored: a worker's own copy of the prepared data and of what was fitted on it.

The driver sends its checked job as it is, so that a file edited meanwhile changes nothing, and
keeps the prepared rows in the step cache, where every worker finds them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from mlops.config.build import project_on_path
from mlops.config.candidates import FITTED
from mlops.config.job import Job
from mlops.config.trust import targets
from mlops.core.crew import Crew, Tell, Work
from mlops.core.dataset import Dataset, Enforced
from mlops.core.errors import MlopsError
from mlops.core.store import Store
from mlops.flow.fitting import Fitter
from mlops.flow.front import Fold
from mlops.flow.heard import QUOTED
from mlops.flow.prepare import Prepared, read_dataset, read_split, write_dataset, write_split
from mlops.flow.steps import Steps
from mlops.ui.silent import Silent

KIND = "rows in use"
SHARED = ("mlops.flow.bench", "mlops.flow.fitting", "pyarrow.parquet", "sklearn.pipeline")


@dataclass(frozen=True)
class Bench:
    """Makes a worker ready to score folds; plain data, so that it can travel.

    Parameters
    ----------
    job : Job
        Without parts: each worker makes its own.
    key : str
        Of the prepared rows.
    """

    job: Job
    key: str

    def __call__(self) -> Work:
        """Read the rows; a task is a pair of parameters (None: only get ready) and a fold.

        Its value is what the fold scored; of :class:`Ask` what was answered for its rows.
        """
        os.chdir(self.job.project)
        project_on_path(self.job.project)
        warnings.simplefilter("ignore")
        steps = Steps(Store(self.job.outputs / "cache"), self.job.name, Silent())
        fitter = Fitter(_read(steps.store, self.key), steps)
        task = fitter.prepared.dataset.task
        evaluator = self.job.part("evaluator").for_task(task)
        held = _one_thread if self.job.values["tuner"].get("deterministic") else nullcontext
        last: tuple[Any, Job] = ({}, self.job)

        def job_of(params: dict[str, Any]) -> Job:
            nonlocal last
            if params != last[0]:
                last = params, self.job.with_values(params)
            return last[1]

        def work(task: Any, tell: Tell) -> Any:
            found: Any = {}
            with without_values(fitter.prepared.dataset), held():
                if isinstance(task, Ask):
                    found = fitter.answers(job_of(task.params), task.fold)
                elif task[0] is None:
                    fitter.front(self.job, task[1])
                else:
                    found = fitter.fold_score(job_of(task[0]), evaluator, task[1])
            steps.store.touch(KIND, self.key)  # whoever starts later needs them too
            steps.keep()
            steps.forget()
            return found

        return work


def _one_thread() -> AbstractContextManager[Any]:
    """Sums that threads share come out differently with their number, in the last digits."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Ask:
    """A task: what these parameters answer for the rows that a fold holds out."""

    params: dict[str, Any]
    fold: Fold


@contextmanager
def without_values(dataset: Dataset) -> Iterator[None]:
    """What a part says of sensitive data may quote values: they are cut, for it is recorded."""
    try:
        yield
    except (MlopsError, MemoryError):
        raise
    except Exception as error:
        if not dataset.sensitive:
            raise
        raise RuntimeError(QUOTED.sub("…", str(error))[:300]) from None


def crew_for(job: Job, prepared: Prepared, steps: Steps) -> Crew:
    """Workers of the chosen ``compute`` for the rows of `prepared`, which are kept for them."""
    steps.keep()
    if not steps.store.is_whole(KIND, prepared.key):
        steps.store.remove(KIND, prepared.key)
        with steps.store.put(KIND, prepared.key) as folder:
            write_dataset(prepared.dataset, folder)
            write_split(prepared.split, folder)
    bench = Bench(replace(job, _parts={}), prepared.key)
    crew: Crew = job.part("compute").crew(bench, preload=(*SHARED, *_modules(job)))
    return crew


def _modules(job: Job) -> list[str]:
    """What the parts are made from, as far as it is not the project's own."""
    named = [
        str(target).rpartition(".")[0]
        for group in (*FITTED, "evaluator")
        for _, target in targets(job.candidates.get(group, job.values[group]), group)
    ]
    return [each for each in dict.fromkeys(named) if each.startswith(("mlops.", "sklearn."))]


def _read(store: Store, key: str) -> Prepared:
    folder = store.get(KIND, key)
    if folder is None:
        raise FileNotFoundError(f"the prepared rows {key} are not in {store.folder}")
    dataset: Dataset = read_dataset(folder)
    nothing = Enforced(dataset, dataset.frame.iloc[:0], ())
    return Prepared(nothing, dataset, read_split(folder), key)
