"""`mlops check`: everything that can be known before a row is read."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.config.unused import unused
from mlops.core.record import Result


class Check:
    """Say that the configuration holds; every problem has been raised before this is called."""

    def __call__(self, job: Job) -> Result:
        """Give the choices that were checked."""
        shown = {room: job.choices[room] for room in job.composed.catalogue.groups}
        return Result(
            outcome="done",
            name=job.name,
            warnings=unused(job.composed),
            details={
                "says": f"recipe {job.choices['recipe']} holds: nothing was run or written",
                "choices": shown,
            },
        )
