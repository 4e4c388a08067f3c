"""`mlops -m hydra/launcher=…`: a launcher of Hydra's own carries the jobs of a sweep."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hydra.errors import HydraException

from mlops.config.build import project_on_path
from mlops.config.catalogue import catalogue, forget
from mlops.config.commandline import Command, understand
from mlops.config.compose import loader
from mlops.config.environment import guarded
from mlops.config.job import Job
from mlops.config.resolve import own_error
from mlops.config.sweeper.settings import SweeperSettings
from mlops.config.sweeper.space import OLDER, PARAMS
from mlops.config.sweeper.sweeper import FOUND, log
from mlops.core.crew import Failed
from mlops.core.errors import MlopsError, closest, counted, fail
from mlops.core.record import Result
from mlops.core.report import rounded
from mlops.core.secret import masked
from mlops.flow.hydra_heard import Heard, leave
from mlops.flow.jobs import job_of
from mlops.flow.sweep_alone import alone
from mlops.flow.sweep_lost import LOST, by_itself, lost
from mlops.flow.sweep_parent import Sweep
from mlops.flow.sweep_work import Shop, failed

KEYS = [each.name for each in fields(SweeperSettings) if not each.name.startswith("_")]
UNKNOWN = re.compile(r"Key '(\w+)' not in 'SweeperSettings'|Sweeper.*keyword argument '(\w+)'")


def launched(command: Command, sweep: Sweep) -> None:
    """Hand the checked jobs of `sweep` to Hydra, and tell each as it ends.

    Where so many fail that the sweeper gives up, what has ended is told all the same.
    """
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
    # What is searched are new keys in a mapping that has none: Hydra wants that said.
    typed = [f"++{word}" if word.startswith((PARAMS, OLDER)) else word for word in command.words]
    parents = {name: sweep.parent(name) for name in sweep.names}
    task = _Task(found.project, sweep.folder.path, parents)
    heard, answer = Heard(sweep), None
    try:
        with guarded(found.project, for_hydra=True), heard.as_they_end(), _untold():
            answer = hydra.multirun("config", task, [*typed, *ours], False)
    except (KeyboardInterrupt, MlopsError):
        raise
    except Exception as error:
        if not sweep.failed:  # whatever a launcher or a sweeper has against its settings
            raise _refused(command, error) from error
        why = [*getattr(error, "__notes__", ()), _said(error)][0]
        sweep.screen.line(f"the sweep ends here: {why}")
        return
    finally:
        GlobalHydra.instance().clear()
        sweep.before = _before(folder / FOUND)
        # Hydra's own sweeper keeps a copy of the words; an address may hold a password.
        (folder / "multirun.yaml").unlink(missing_ok=True)
    returned = [each for batch in answer or [] for each in _listed(batch)]
    for each in returned:
        if not isinstance(each._return_value, Result):  # it came to no result that it could leave
            job = job_of(command, tuple(each.overrides))
            heard.tell(job, _result(job, each))
    sweep.count = len(sweep.jobs) if returned else 0  # none: a study that has its total already


def _before(path: Path) -> str:
    """What a study that goes on had found already; empty where it is new, or there is none."""
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not found.get("ended_before"):
        return ""
    says = f"{counted(found['ended_before'], 'job')} of the study ended before"
    if "best_value" not in found:
        return says
    drawn = {
        key: rounded(each) if isinstance(each, float) else each
        for key, each in found["best_params"].items()
    }
    words = masked(" ".join(f"{key}={each}" for key, each in drawn.items()))
    return f"{says}; the best of all its jobs: {rounded(found['best_value'])} with {words}"


@contextmanager
def _untold() -> Iterator[None]:
    """Our sweeper's own lines, of jobs that fail and what is best, are for others: we tell them."""
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@dataclass(frozen=True)
class _Task:
    """What a launcher calls, maybe in another process: the same words, our own road.

    Parameters
    ----------
    project : pathlib.Path
    folder : pathlib.Path
        Of the sweep.
    parents : dict of str to str
        Experiment to run key of the sweep in it.
    """

    project: Path
    folder: Path
    parents: dict[str, str]
    numbers: ClassVar[int] = 1  # that a job returns: its primary metric

    def __call__(self, config: Any) -> Result:
        from hydra.core.hydra_config import HydraConfig

        os.chdir(self.project)  # a process that launchers keep may come from another project,
        forget()  # or from before a file was edited
        found = catalogue()
        project_on_path(found.project)
        hydra = HydraConfig.get()
        words = [str(word) for word in hydra.overrides.task]
        job = job_of(understand(words, found))
        shop = Shop(found.project, self.folder, self.parents, os.getpid(), threads=None)
        result = alone(job, shop, f"hydra-{hydra.job.num}")
        leave(self.folder, hydra.job.num, words, result)
        return result


def _result(job: Job, returned: Any) -> Result:
    """A job that was refused, or that a launcher has lost."""
    try:
        raise returned._return_value
    except MlopsError as error:
        problems = error.problems
    except Exception as error:  # whatever a launcher says of it
        event = Failed(job.name, LOST, _said(error), 0.0)
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
    said = _said(cause)
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
    return fail(
        "sweep-not-run",
        "Hydra's launcher or sweeper cannot run this sweep.",
        where=f"command line, `{masked(' '.join(words))[:200]}`",
        found=said,
        accepted="settings that it takes: mlops -m … --cfg hydra shows them",
        next_step="correct the setting, or leave it out; --debug shows more",
    )


def _said(error: BaseException) -> str:
    return masked(f"{type(error).__name__}: {error}".strip().splitlines()[0])[:300]


def _listed(batch: Any) -> list[Any]:
    return list(batch) if isinstance(batch, (list, tuple)) else [batch]
