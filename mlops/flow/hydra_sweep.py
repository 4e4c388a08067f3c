"""`mlops -m hydra/launcher=…`: a launcher or sweeper of Hydra's own carries the jobs."""

from __future__ import annotations

from typing import Any

from mlops.config.catalogue import catalogue
from mlops.config.commandline import Command, understand
from mlops.config.compose import compose, loader
from mlops.config.job import Job
from mlops.core.record import Result
from mlops.flow.jobs import job_of, perform


def hydra_sweep(command: Command) -> Result:
    """Check what can be checked, then hand the jobs to Hydra.

    Raises
    ------
    MlopsError
        A target of the launcher or the sweeper is refused, or a job has problems.
    """
    from hydra._internal.hydra import Hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins

    from mlops.config.combinations import combinations

    found = catalogue()
    outputs = ""
    for words in combinations(command.words, found):
        composed = compose(list(words), found, with_hydra=True)
        outputs = str(Job.of(composed).outputs)
    Plugins.instance()
    hydra = Hydra(task_name="mlops", config_loader=loader(found))
    GlobalHydra.instance().initialize(hydra)
    ours = [
        "hydra/hydra_logging=none",
        "hydra/job_logging=none",
        "hydra.output_subdir=null",
        "hydra.mode=MULTIRUN",
        f"hydra.sweep.dir='{outputs}/hydra'",
        "hydra.sweep.subdir='.'",
    ]
    try:
        answer = hydra.multirun("config", one_job, [*command.words, *ours], False)
    finally:
        GlobalHydra.instance().clear()
    codes = [code for batch in answer or [] for code in _codes(batch)]
    worst = max(codes, default=0)
    return Result(outcome="failed" if worst else "done", exit_code=6 if worst else 0)


def one_job(config: Any) -> int:
    """What a launcher calls, maybe in another process: the same words, our own road."""
    from hydra.core.hydra_config import HydraConfig

    words = [str(word) for word in HydraConfig.get().overrides.task]
    return perform(job_of(understand(words, catalogue()))).exit_code


def _codes(batch: Any) -> list[int]:
    items = batch if isinstance(batch, (list, tuple)) else [batch]
    return [int(each.return_value or 0) for each in items]
