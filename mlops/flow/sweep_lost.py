"""What became of a job whose process came to no end of its own: its result, and its record."""

from __future__ import annotations

from pathlib import Path

from mlops.config.job import Job
from mlops.core.crew import OUT_OF_MEMORY, RAISED, TIME_LIMIT, Failed
from mlops.core.errors import BUG, ENVIRONMENT, INTERRUPTED, Problem
from mlops.core.record import Result
from mlops.core.secret import masked
from mlops.flow.sweep_memory import verdict
from mlops.flow.sweep_work import LOG, failed, key_in
from mlops.tracker.spool import Spool
from mlops.tracker.started import give_up, is_open

LOST = "lost"
SAME = "run the same command with resume=true"


def by_itself(job: Job) -> str:
    """How to run again a job that Hydra carried: a sweep of Hydra's remembers none."""
    return f"run `mlops {' '.join(map(masked, job.words))}`"[:300]


def lost(job: Job, event: Failed, folder: Path | None, *, again: str = SAME) -> Result:
    """A job whose process died, or that was ended.

    Parameters
    ----------
    job : Job
    event : Failed
    folder : pathlib.Path or None
        Of its run; None where it did not get so far.
    again : str
        What to do, in the end.
    """
    problems = (_problem(job, event, folder, again),)
    result = failed(job, problems, folder, log="", seconds=event.seconds)
    if folder is not None:
        give_up(Spool(job.outputs), key_in(folder), status="FAILED", reason=event.reason)
    return result


def stopped(job: Job, folder: Path, *, was_going: bool, again: str = SAME) -> Result | None:
    """A job that is aborted with the sweep; None if it had ended, and another tells of it.

    Parameters
    ----------
    job : Job
    folder : pathlib.Path
        Of its run.
    was_going : bool
        Whether its end has not been heard of.
    again : str
        What to do, in the end.
    """
    goes_on = is_open(job.outputs, key_in(folder))
    give_up(Spool(job.outputs), key_in(folder), status="KILLED", reason="aborted")
    result = verdict(job.outputs, folder)  # it may have ended, and nobody has heard of it
    if result is None and (goes_on or was_going):
        problems = (_aborted(job, again),)
        return failed(job, problems, folder, log="", seconds=0.0, outcome="aborted")
    return result


def _problem(job: Job, event: Failed, folder: Path | None, again: str) -> Problem:
    code, says = {
        TIME_LIMIT: ("job-time-limit", "The job took longer than job_limit_s allows."),
        OUT_OF_MEMORY: ("job-out-of-memory", "The job took more memory than there is for it."),
        LOST: ("job-lost", "The launcher lost the job."),
        RAISED: ("bug", "mlops itself failed; this is not your mistake."),
    }.get(event.reason, ("job-killed", "The process of the job died."))
    log = f"look at {LOG} in its folder, then " if folder else ""
    return Problem(
        code=code,
        says=f"{says[:-1]}: {event.says}." if code == "job-killed" else says,
        where=" ".join(map(masked, job.words))[:300],
        found=event.says,
        accepted="a job that comes to its end",
        next_step=f"{log}mend it and {again}",
        exit_code=BUG if code == "bug" else ENVIRONMENT,
    )


def _aborted(job: Job, again: str) -> Problem:
    return Problem(
        code="aborted",
        says="Stopped before its end.",
        where=" ".join(map(masked, job.words))[:300],
        found="Ctrl-C or a signal to end",
        accepted="-",
        next_step=again,
        exit_code=INTERRUPTED,
    )
