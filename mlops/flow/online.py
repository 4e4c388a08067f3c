"""What a server is to do, told from a job: between the configuration and whoever serves."""

from __future__ import annotations

from typing import Any

from mlops.config.job import Job
from mlops.core.serving import Spec
from mlops.registry.versions import Versions

FILES = ("certificate", "key")


def spec_of(
    job: Job, versions: Versions, *, version: int | str = "champion", **settings: Any
) -> Spec:
    """The description of a server for one of the `versions`.

    Parameters
    ----------
    job : Job
    versions : Versions
        Of the model.
    version : int or str
        A number, or a name that is followed.
    **settings : object
        In place of those of the chosen option of ``serving``.
    """
    chosen = {key: value for key, value in job.values["serving"].items() if not key.startswith("_")}
    for key in FILES:
        if chosen[key] is not None:
            chosen[key] = str((job.project / str(chosen[key])).absolute())
    return Spec(
        model=versions.model,
        ledger=str(versions.folder.absolute()),
        outputs=str(job.outputs),
        project=str(job.project),
        version=version,
        allowed=job.allowed,
        settings={**chosen, **settings},
    )
