"""`mlops sync`: delivers what waits in the spool; the same recorder that every run starts."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.core.errors import ENVIRONMENT, listed
from mlops.core.record import Result


class Sync:
    """Start the recorder and wait for it.

    Parameters
    ----------
    adopt : bool
        Also deliver records that were meant for another tracking server.
    wait_s : float
        Seconds.
    """

    def __init__(self, *, adopt: bool = False, wait_s: float = 60.0) -> None:
        self.adopt = adopt
        self.wait_s = wait_s

    def __call__(self, job: Job) -> Result:
        """Deliver; exit code 4 if something still waits for this server."""
        from mlops.tracker.sync import drain

        uri = getattr(job.part("tracker"), "uri", None)
        drained = drain(job.outputs, uri=uri, adopt=self.adopt, wait_s=self.wait_s)
        count = len(drained.delivered)
        says = f"{count} record{'' if count == 1 else 's'} delivered to {drained.uri}"
        if drained.aligned:
            says += f"; its versions are those of {listed(drained.aligned)}"
        says += "".join(f"; {each}" for each in drained.remarks)
        if drained.waiting:
            says += f", {len(drained.waiting)} still wait: {drained.says}"
        rows = [
            {"record": key, "state": "delivered", "says": each.run_id}
            for key, each in drained.delivered.items()
        ]
        rows += [
            {"record": key, "state": "refused", "says": each.says}
            for key, each in drained.refused.items()
        ]
        rows += [
            {
                "record": key,
                "state": "waits elsewhere",
                "says": f"for {at}: adopt=true delivers here",
            }
            for key, at in drained.elsewhere.items()
        ]
        return Result(
            outcome="failed" if drained.waiting else "done",
            exit_code=ENVIRONMENT if drained.waiting else 0,
            details={"says": says, "rows": rows},
        )
