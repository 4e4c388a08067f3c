"""Which model a command is about."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.flow.registered import changed_elsewhere, versions_of
from mlops.registry import subject as of
from mlops.registry.subject import Subject, of_version

__all__ = ["Subject", "of_version", "subject"]


def subject(job: Job, called: int | str, *, where: str) -> Subject:
    """The model that is `called` so: a version's number, a name, the key of a run or sweep.

    Raises
    ------
    MlopsError
        There is no such model (exit code 2), or its files are not whole (exit code 3).
    """
    versions = versions_of(job)
    for told in changed_elsewhere(job, versions):
        job.part("ui").line(told)
    return of.subject(versions, called, where=where)
