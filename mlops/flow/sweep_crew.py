"""The jobs of a sweep are handed to a crew; what goes wrong with one costs no other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mlops.config.job import Job
from mlops.config.trust import targets
from mlops.core.crew import Ended, Event, Told, events
from mlops.flow.sweep_lost import lost, stopped
from mlops.flow.sweep_memory import begun
from mlops.flow.sweep_parent import Sweep
from mlops.flow.sweep_work import Shop

# What every run imports: loaded once, for all workers.
SHARED = (
    *("mlops.flow.sweep_work", "mlops.flow.once", "mlops.flow.fitting", "mlops.core.artefact"),
    *("mlops.contract.signature", "mlops.contract.inferred", "mlops.contract.columns"),
    *("mlops.evaluator.regression", "mlops.evaluator.classification", "mlops.evaluator.leak"),
    *("mlops.registry.mlflow", "mlops.tracker.mlflow", "mlops.tuner.fixed", "mlops.ui.page"),
    *("mlops.evaluator.rivalry", "mlops.evaluator.worst", "mlops.evaluator.regression_plots"),
    *("mlops.evaluator.slices", "mlops.ui.profile", "mlops.data.fingerprint", "mlops.data.labels"),
    *("mlops.monitor.silent", "mlops.deployer.dry_run", "pyarrow.csv", "pyarrow.dataset"),
    *("pandas", "pyarrow.parquet", "pyarrow.pandas_compat", "mlops.tracker.elsewhere"),
    *("sklearn.pipeline", "sklearn.dummy", "skops.io", "filelock"),
)
ROOMS = ("data", "contract", "splitter", "cleaner", "features", "model", "tuner", "evaluator")


def carried(sweep: Sweep, jobs: list[Job], marks: list[str], limit_s: float | None) -> None:
    """Have `jobs` of `sweep` done, and tell each as it ends.

    Parameters
    ----------
    sweep : Sweep
    jobs : list of Job
    marks : list of str
        What each is called in the sweep's folder.
    limit_s : float or None
        Seconds that one job may take.
    """
    if not jobs:
        return
    compute = jobs[0].part("compute")
    parents = {name: sweep.parent(name) for name in sweep.names}
    share = compute.share(len(jobs)) if hasattr(compute, "share") else 1
    shop = Shop(jobs[0].project, sweep.folder.path, parents, os.getpid(), share)
    foreman = _Foreman(sweep, dict(zip(marks, jobs, strict=True)))
    sweep.progress()
    with compute.crew(shop, preload=preload(jobs)) as crew:
        for job, mark in zip(jobs, marks, strict=True):
            task = mark, replace(job, _parts={})
            crew.start(sweep.number(job), task, limit_s=limit_s)
        try:
            for event in events(crew):
                foreman.heard(event)
        except KeyboardInterrupt:
            foreman.stop()  # before their processes end: what is said first about a run counts
            raise


def preload(jobs: Iterable[Job]) -> tuple[str, ...]:
    """Modules for all workers to share: ours and scikit-learn's, none of the project's own."""
    named = [
        str(target).rpartition(".")[0]
        for job in jobs
        for room in ROOMS
        for _, target in targets(job.values[room], room)
    ]
    ours = [each for each in dict.fromkeys(named) if each.startswith(("mlops.", "sklearn."))]
    return (*SHARED, *ours)


class _Foreman:
    """Hears what happens to the jobs.

    Parameters
    ----------
    sweep : Sweep
    jobs : dict of str to Job
        Those to do, by what each is called in the sweep's folder.
    """

    def __init__(self, sweep: Sweep, jobs: dict[str, Job]) -> None:
        self.sweep, self.jobs = sweep, jobs
        self.going: dict[int, Path] = {}

    def heard(self, event: Event) -> None:
        """Take note of an event."""
        job = self.sweep.jobs[event.key]
        if isinstance(event, Told):
            self.going[event.key] = Path(event.content)
            return
        folder = self.going.pop(event.key, None)
        result = event.value if isinstance(event, Ended) else lost(job, event, folder)
        if result.key and hasattr(self.sweep.tracker, "expect"):
            self.sweep.tracker.expect(result.key)
        self.sweep.tell(job, result)

    def stop(self) -> None:
        """Tell the jobs that go on that they are aborted, those that nobody has heard of too."""
        for mark, job in self.jobs.items():
            folder = begun(self.sweep.folder.path, mark, job.outputs)
            if folder is not None and not self.sweep.knows(job):
                result = stopped(job, folder, was_going=self.sweep.number(job) in self.going)
                if result is not None:
                    self.sweep.tell(job, result)
