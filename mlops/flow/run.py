"""`mlops`, `mlops run`: the whole road, a verdict, and a record of it."""

from __future__ import annotations

import time
from dataclasses import replace

from mlops.config.job import Job
from mlops.core.errors import MlopsError, fail
from mlops.core.record import Result
from mlops.flow.delivered import delivered, keep
from mlops.flow.once import carry_out


class Run:
    """Run the recipe end to end.

    Parameters
    ----------
    resume : bool
        Go on with the last sweep of the same jobs (``-m`` only).
    job_limit_s : float or None
        Seconds that one job of a sweep may take.
    """

    def __init__(self, *, resume: bool = False, job_limit_s: float | None = None) -> None:
        self.resume = resume
        self.job_limit_s = job_limit_s

    def __call__(self, job: Job) -> Result:
        """Go the road, show the verdict, deliver the record.

        Raises
        ------
        MlopsError
            Whatever a room refuses; recorded as a failed run first.
        """
        if self.resume:
            raise _no_sweep()
        began = time.perf_counter()
        tracker = job.part("tracker")
        tracker.open(job.outputs)  # first: its imports go on beside ours
        with delivered(tracker) as delivery:
            result = carry_out(job, tracker, began=began)
        result = replace(result, delivery=delivery())
        keep(result, job)
        return result


def _no_sweep() -> MlopsError:
    """The error that says that one run is no sweep to go on with."""
    return fail(
        "resume-without-m",
        "resume=true goes on with a sweep, and this is one run.",
        where="command line, `resume=true`",
        found="no -m",
        accepted="mlops -m … resume=true",
        next_step="add -m, or leave it out: finished steps of a run are reused anyway; "
        "a search is gone on with by tuner.resume=true",
    )
