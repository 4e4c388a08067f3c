"""One job of a sweep that Hydra carries, in a process of its own: its end is not its caller's."""

from __future__ import annotations

import os
from dataclasses import replace
from multiprocessing import current_process
from pathlib import Path

from mlops.compute.local import Local
from mlops.config.job import Job
from mlops.core.crew import Crew, Failed, Told, events
from mlops.core.record import Result
from mlops.flow.sweep_crew import preload
from mlops.flow.sweep_lost import by_itself, lost, stopped
from mlops.flow.sweep_memory import begun
from mlops.flow.sweep_work import Shop


def alone(job: Job, shop: Shop, mark: str) -> Result:
    """Have one job done, wherever a launcher has put us; its failure is a result.

    Parameters
    ----------
    job : Job
    shop : Shop
    mark : str
        What the job is called in the sweep's folder.
    """
    with _crew(job, shop) as crew:
        crew.start(mark, (mark, replace(job, _parts={})), limit_s=job.part("flow").job_limit_s)
        try:
            return _outcome(job, crew)
        except KeyboardInterrupt:  # before its process ends: what is said first about a run counts
            if (folder := begun(shop.folder, mark, job.outputs)) is not None:
                stopped(job, folder, was_going=True, again=by_itself(job))
            raise


def _outcome(job: Job, crew: Crew) -> Result:
    folder: Path | None = None
    for event in events(crew):
        if isinstance(event, Told):
            folder = Path(event.content)
        elif isinstance(event, Failed):
            return lost(job, event, folder, again=by_itself(job))
        else:
            result: Result = event.value
            return result
    raise AssertionError("a crew tells what became of its task")


def _crew(job: Job, shop: Shop) -> Crew:
    """One worker: it costs a fork, for the server that it comes from stays and has all imported."""
    compute = job.part("compute")
    # Where a launcher's own process may start none, that process is all there is.
    is_here = getattr(compute, "workers", None) == 0 or current_process().daemon
    given = os.environ.get("OMP_NUM_THREADS", "")
    local = Local(
        workers=0 if is_here else 1,
        threads=int(given) if given.isdigit() else None,  # the share that a launcher left us
        memory_mb=getattr(compute, "memory_mb", None),
    )
    return local.crew(shop, preload=preload([job]))
