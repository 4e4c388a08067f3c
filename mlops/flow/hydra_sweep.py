"""`mlops -m hydra/launcher=…`: a launcher of Hydra's own carries the jobs of a sweep."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hydra.errors import HydraException

from mlops.config.build import project_on_path
from mlops.config.catalogue import catalogue
from mlops.config.commandline import Command, understand
from mlops.config.compose import loader
from mlops.config.environment import guarded
from mlops.config.job import Job
from mlops.config.resolve import own_error
from mlops.config.sweeper.settings import SweeperSettings
from mlops.core.crew import Failed
from mlops.core.errors import ENVIRONMENT, MlopsError, closest, fail
from mlops.core.record import Result
from mlops.core.secret import masked
from mlops.flow.jobs import job_of
from mlops.flow.sweep_alone import alone
from mlops.flow.sweep_lost import LOST, by_itself, lost
from mlops.flow.sweep_parent import Sweep
from mlops.flow.sweep_work import Shop, failed

KEYS = [each.name for each in fields(SweeperSettings) if not each.name.startswith("_")]
UNKNOWN = re.compile(r"Key '(\w+)' not in 'SweeperSettings'|Sweeper.*keyword argument '(\w+)'")


def launched(command: Command, sweep: Sweep) -> None:
    """Hand the checked jobs of `sweep` to Hydra; they come back with their results."""
    from hydra._internal.hydra import Hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins

    Plugins.instance()
    found = catalogue()
    hydra = Hydra(task_name="mlops", config_loader=loader(found))
    folder = sweep.folder.path / "hydra"
    GlobalHydra.instance().initialize(hydra)
    ours = [
        "hydra/hydra_logging=none",
        "hydra/job_logging=none",
        "hydra.output_subdir=null",
        "hydra.mode=MULTIRUN",
        f"hydra.sweep.dir='{folder}'",
        "hydra.sweep.subdir='.'",
    ]
    task = _Task(sweep.folder.path, {name: sweep.parent(name) for name in sweep.names})
    try:
        with guarded(found.project, for_hydra=True):
            answer = hydra.multirun("config", task, [*command.words, *ours], False)
    except (KeyboardInterrupt, MlopsError):
        raise
    except Exception as error:  # whatever a launcher or a sweeper has against its settings
        raise _refused(command, error) from error
    finally:
        GlobalHydra.instance().clear()
        # Hydra's own sweeper keeps a copy of the words; an address may hold a password.
        (folder / "multirun.yaml").unlink(missing_ok=True)
    returned = [each for batch in answer or [] for each in _listed(batch)]
    if not returned:
        return  # a study that has its total already
    sweep.jobs = [job_of(command, tuple(each.overrides)) for each in returned]
    for job, each in zip(sweep.jobs, returned, strict=True):
        result = _result(job, each)
        if result.key and hasattr(sweep.tracker, "expect"):
            sweep.tracker.expect(result.key)
        sweep.tell(job, result)


@dataclass(frozen=True)
class _Task:
    """What a launcher calls, maybe in another process: the same words, our own road.

    Parameters
    ----------
    folder : pathlib.Path
        Of the sweep.
    parents : dict of str to str
        Experiment to run key of the sweep in it.
    """

    folder: Path
    parents: dict[str, str]

    def __call__(self, config: Any) -> Result:
        from hydra.core.hydra_config import HydraConfig

        found = catalogue()
        project_on_path(found.project)
        hydra = HydraConfig.get()
        job = job_of(understand([str(word) for word in hydra.overrides.task], found))
        shop = Shop(found.project, self.folder, self.parents, os.getpid(), threads=None)
        return alone(job, shop, f"hydra-{hydra.job.num}")


def _result(job: Job, returned: Any) -> Result:
    """What a job came back with, if a launcher has not lost it."""
    try:
        result: Result = returned.return_value
        return result
    except MlopsError as error:
        problems = error.problems
    except Exception as error:  # whatever a launcher says of it
        said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        event = Failed(job.name, LOST, masked(said)[:300], 0.0)
        return lost(job, event, None, again=by_itself(job))
    return failed(job, problems, None, log="", seconds=0.0)


def _refused(command: Command, error: Exception) -> MlopsError:
    """What a launcher or a sweeper said, without the passwords of addresses."""
    if own := own_error(error):
        return own
    cause: BaseException = error
    while isinstance(cause, HydraException) and cause.__cause__ is not None:
        cause = cause.__cause__
    words = [word for word in command.words if word.lstrip("+").startswith("hydra")]
    said = f"{type(cause).__name__}: {cause}".strip().splitlines()[0]
    if match := UNKNOWN.search(said):
        key = match[1] or match[2]
        return fail(
            "unknown-key",
            f"hydra.sweeper has no key {key}.",
            where=f"command line, `{masked(' '.join(words))[:200]}`",
            found=key,
            accepted=", ".join(KEYS),
            closest=closest(key, KEYS),
            next_step="correct the key, or leave it out",
        )
    if any(each.__name__ == "OperationalError" for each in type(cause).__mro__):
        return fail(
            "storage-unreachable",
            "The database of the study cannot be reached.",
            where="hydra.sweeper.storage",
            found=masked(said)[:300],
            accepted="a database that answers and lets us in",
            next_step="start it, or correct hydra.sweeper.storage; null keeps the study in memory",
            exit_code=ENVIRONMENT,
        )
    return fail(
        "sweep-not-run",
        "Hydra's launcher or sweeper cannot run this sweep.",
        where=f"command line, `{masked(' '.join(words))[:200]}`",
        found=masked(said)[:300],
        accepted="settings that it takes: mlops -m … --cfg hydra shows them",
        next_step="correct the setting, or leave it out; --debug shows more",
    )


def _listed(batch: Any) -> list[Any]:
    return list(batch) if isinstance(batch, (list, tuple)) else [batch]
