"""One job: composed and checked from words, and carried out by its verb."""

from __future__ import annotations

import gc

from mlops.config.catalogue import catalogue
from mlops.config.commandline import Command
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core.record import Result

# What a verb looks at that is no run of the road.
OF_ITSELF = ("flow", "ui", "tracker", "registry", "deployer", "monitor", "serving", "mode")


def job_of(command: Command, words: tuple[str, ...] | None = None) -> Job:
    """Compose and check the one job of `command` (with `words` in place of its own)."""
    found = catalogue()
    words = command.words if words is None else words
    itself = found.option("flow", command.verb).about.get("_scope_") == "itself"
    composed = compose(list(words), found)
    return Job.of(composed, list(OF_ITSELF) if itself else None)


def perform(job: Job) -> Result:
    """Run the verb of `job` and show its result."""
    result: Result = job.part("flow")(job)
    job.part("ui").show(result)
    return result


def make_parts(job: Job, *, registers: bool = True) -> None:
    """Make every part before a row is read, so that one that cannot be made costs nothing.

    Parameters
    ----------
    job : Job
    registers : bool
        False for a run that will not become a version, whatever its gates say.

    Raises
    ------
    MlopsError
        As :meth:`mlops.config.job.Job.part`; the history of the model's versions is broken.
    """
    from mlops.flow.registered import may_register

    for room in job.choices:
        if room not in ("recipe", "mode", "flow"):
            job.part(room)
    if job.mode["judge"] and registers:
        may_register(job)
    if not gc.isenabled():  # see mlops.cli.main
        gc.freeze()
        gc.enable()
