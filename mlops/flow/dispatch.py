"""From an understood command line to its verb: one job, many jobs, or one of Hydra's own flags."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from mlops.config.build import project_on_path
from mlops.config.catalogue import catalogue
from mlops.config.commandline import Command
from mlops.core.record import Result
from mlops.flow.jobs import job_of, perform

ELSEWHERE = ("flow.action=", "deployer=")  # the server is another process, or not asked for


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
    with _begun_ahead(command):
        return perform(job_of(command))


def _begun_ahead(command: Command) -> AbstractContextManager[None]:
    """What a verb will need in any case, and takes long to be there."""
    if command.verb != "serve" or any(word.startswith(ELSEWHERE) for word in command.words):
        return nullcontext()
    from mlops.serving.ahead import begun

    return begun()
