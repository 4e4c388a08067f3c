"""`mlops rollback`: the version that had the name before has it again, and is deployed again."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.core.errors import MlopsError, fail
from mlops.core.record import Result
from mlops.flow.deploying import Deploying
from mlops.flow.registered import (
    caught_up,
    known_versions,
    moved,
    moves,
    numbered,
    told_in_any_case,
)


class Rollback:
    """Go back to an earlier version.

    Parameters
    ----------
    to : int or str or None
        Number or name of the version; None goes to the one before.
    version : int or str or None
        The same, by the word that other commands have for it.
    alias : str
        The name to give back.
    reason : str
        Kept in the history.
    """

    def __init__(
        self,
        *,
        to: int | str | None = None,
        version: int | str | None = None,
        alias: str = "champion",
        reason: str = "",
    ) -> None:
        self.to = to
        self.version = version
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
        if self.to is not None and self.version is not None:
            raise _one_place()
        where, called = ("version", self.version) if self.to is None else ("to", self.to)
        versions = known_versions(job)
        told = caught_up(job, versions)
        deploying = Deploying(job, versions)
        with told_in_any_case(job, told):
            to = None if called is None else numbered(versions, called, where=where)
            intent = moves(job, versions, deploying).rollback(
                self.alias, to=to, seen=versions.holder(self.alias), why=self.reason
            )
        return moved(job, versions, intent, told, deploying)


def _one_place() -> MlopsError:
    return fail(
        "which-version",
        "One version is gone back to, and two are named.",
        where="command line",
        found="to= and version=",
        accepted="one of the two",
        next_step="leave version= out",
    )
