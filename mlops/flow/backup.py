"""`mlops backup`: one file with all versions and their histories, read again before it counts."""

from __future__ import annotations

from typing import Any

from mlops.config.job import Job
from mlops.core.errors import counted
from mlops.core.paths import near
from mlops.core.record import Result
from mlops.flow.registered import refuse_elsewhere
from mlops.registry.backups import Backups, free_place, stored


class Backup:
    """Copy versions and histories into one file.

    Runs, cache, spool and kept data are not in it: the first three can be made again or are
    delivered, and data belongs to its owner.

    Parameters
    ----------
    to : str or None
        A new file, or a folder; None takes the folder of backups.
    keep : int
        So many backups stay in that folder, and in any case the newest in which all is whole.
    """

    def __init__(self, *, to: str | None = None, keep: int = 5) -> None:
        self.to = to
        self.keep = keep

    def __call__(self, job: Job) -> Result:
        """Write the file, and say what is in it.

        Raises
        ------
        MlopsError
            There is such a file, or they are kept elsewhere (2); a newer release wrote them (3).
        OSError
            Something cannot be read or written; nothing is left behind.
        """
        refuse_elsewhere(job)
        stores = stored(job.outputs)
        if not stores:
            return Result(outcome="done", details={"says": "there is no version to keep yet"})
        backups = Backups(job.outputs)
        path = free_place(job.outputs, self.to, job.project)
        archive = backups.make(path, stores)
        backups.remember(archive)
        gone = [] if self.to else backups.prune(self.keep)
        size_mb = path.stat().st_size / 1e6
        wrong = [each for about in archive.models.values() for each in about["wrong"]]
        lines = [f"damaged, and kept as it is: {each}" for each in wrong]
        lines += ["mlops doctor says how to repair it"] if wrong else []
        lines += [f"{counted(len(gone), 'older backup')} removed"] if gone else []
        return Result(
            outcome="done",
            details={
                "says": f"{near(path, job.project)}  {size_mb:.1f} MB, read again and whole",
                "path": str(path),
                "sha256": archive.sha256,
                "rows": [_row(model, about) for model, about in sorted(archive.models.items())],
                "lines": lines,
            },
        )


def _row(model: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "acts": about["lines"], "versions": about["versions"]}
