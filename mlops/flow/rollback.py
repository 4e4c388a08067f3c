"""`mlops rollback`: the version that had the name before has it again, and is deployed again."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.core.record import Result
from mlops.flow.online import Online
from mlops.flow.registered import caught_up, known_versions, moved, moves


class Rollback:
    """Go back to an earlier version.

    Parameters
    ----------
    to : int or None
        Number of the version; None goes to the one before.
    alias : str
        The name to give back.
    reason : str
        Kept in the history.
    """

    def __init__(self, *, to: int | None = None, alias: str = "champion", reason: str = "") -> None:
        self.to = to
        self.alias = alias
        self.reason = reason

    def __call__(self, job: Job) -> Result:
        """Move the alias back.

        Raises
        ------
        MlopsError
            There is nothing to go back to, the version is not whole, or somebody else was
            faster (3).
        """
        versions = known_versions(job)
        told = caught_up(job, versions)
        online = Online(job, versions)
        intent = moves(job, versions, online).rollback(
            self.alias, to=self.to, seen=versions.holder(self.alias), why=self.reason
        )
        return moved(job, versions, intent, told, online)
