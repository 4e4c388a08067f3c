"""`mlops check`: everything that can be known before a row is read."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.config.unused import unused
from mlops.core.record import Result
from mlops.flow.online import expected
from mlops.flow.registered import versions_of


class Check:
    """Say that the configuration holds; every problem has been raised before this is called."""

    def __call__(self, job: Job) -> Result:
        """Give the choices that were checked."""
        shown = {room: job.choices[room] for room in job.composed.catalogue.groups}
        others = [job.values["serving"][role] for role in ("canary", "shadow")]
        waits = expected(job, versions_of(job)) if others != [None, None] else ()
        return Result(
            outcome="done",
            name=job.name,
            warnings=(*unused(job.composed), *waits),
            details={
                "says": f"recipe {job.choices['recipe']} holds: nothing was run or written",
                "choices": shown,
            },
        )
