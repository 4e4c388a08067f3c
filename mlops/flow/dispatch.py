"""From an understood command line to its verb: one job, many jobs, or one of Hydra's own flags."""

from __future__ import annotations

from mlops.config.build import project_on_path
from mlops.config.catalogue import catalogue
from mlops.config.commandline import Command
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core.record import Result


def dispatch(command: Command) -> Result:
    """Carry out `command`.

    Raises
    ------
    MlopsError
        Every problem of the configuration, before anything runs.
    """
    found = catalogue()
    project_on_path(found.project)
    flags = command.flags
    if flags.cfg or flags.info is not None or flags.hydra_help or flags.shell_completion:
        from mlops.flow.hydra_flags import hydra_flags

        return hydra_flags(command)
    if flags.multirun:
        from mlops.flow.sweep import sweep

        return sweep(command)
    return perform(job_of(command))


def job_of(command: Command, words: tuple[str, ...] | None = None) -> Job:
    """Compose and check the one job of `command` (with `words` in place of its own)."""
    found = catalogue()
    words = command.words if words is None else words
    itself = found.option("flow", command.verb).about.get("_scope_") == "itself"
    composed = compose(
        list(words),
        found,
        with_hydra=any(word.lstrip("+~").startswith("hydra") for word in words),
    )
    return Job.of(composed, ["flow", "ui", "tracker", "mode"] if itself else None)


def perform(job: Job) -> Result:
    """Run the verb of `job` and show its result."""
    result: Result = job.part("flow")(job)
    job.part("ui").show(result)
    return result
