"""The sweeper: a study asks, Hydra's launcher runs, the study is told."""

from __future__ import annotations

import importlib
import logging
from collections.abc import MutableSequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from mlops.config.sweeper import sampler
from mlops.config.sweeper.kept import opened, told
from mlops.config.sweeper.refusal import SWEEPER, Stopped, bad_setting
from mlops.config.sweeper.slots import slots
from mlops.config.sweeper.space import Space
from mlops.config.sweeper.study import Asking, finished, take_up, untried

FOUND = "optimization_results.yaml"
DIRECTIONS = ("minimize", "maximize")
log = logging.getLogger(__name__)


class StudySweeper(Sweeper):
    """Runs a sweep as an Optuna study; the keys are told in :mod:`mlops.config.sweeper.settings`.

    Jobs are told in the order in which they were asked for where the sampler has a seed, so that
    the same seed gives the same sweep, and a job waits for the one `n_jobs` before it; else as
    they end.
    """

    def __init__(
        self,
        *,
        sampler: Any,
        direction: Any,
        storage: Any,
        study_name: str | None,
        n_trials: int,
        n_jobs: int,
        max_failure_rate: float,
        search_space: DictConfig | None = None,
        custom_search_space: str | None = None,
        params: DictConfig | None = None,
        resume: bool = False,
    ) -> None:
        self.sampler, self.direction = sampler, direction
        self.storage, self.study_name = storage, study_name
        self.n_trials, self.n_jobs = n_trials, n_jobs
        self.max_failure_rate = max_failure_rate
        self.search_space, self.params = search_space, params
        self.custom_search_space, self.resume = custom_search_space, resume

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take in what Hydra knows of the sweep."""
        from hydra.core.plugins import Plugins

        self.config, self.hydra_context = config, hydra_context
        self.numbers = getattr(task_function, "numbers", None)  # that a job returns, if it says so
        self.launcher = Plugins.instance().instantiate_launcher(
            config=config, hydra_context=hydra_context, task_function=task_function
        )

    def sweep(self, arguments: list[str]) -> list[list[Any]]:
        """Run the sweep.

        Parameters
        ----------
        arguments : list of str
            Words of the command line; a sweep among them is searched.

        Returns
        -------
        list of list of JobReturn
            In the order in which they were asked for, `n_jobs` to a batch.

        Raises
        ------
        BadSweep
            A setting, or what is to be searched, cannot be used; no job has begun.
        Stopped
            At Ctrl-C.
        Exception
            What a job raised, where more failed than `max_failure_rate` allows.
        """
        self._check()
        space = self._space(arguments)
        with told(self.storage):
            asking = self._asking(space)
        assert self.config is not None
        folder = Path(str(self.config.hydra.sweep.dir))
        folder.mkdir(parents=True, exist_ok=True)
        if self.config.hydra.output_subdir is not None:  # null asks Hydra for no copies
            OmegaConf.save(self.config, folder / "multirun.yaml")
        before = f"{asking.before} jobs ended before, " if asking.before else ""
        left = asking.total - asking.asked
        log.info(f"Study {asking.study.study_name!s}: {before}{left} jobs to run")
        try:
            with told(self.storage):
                returned, hopeless = self._carry_out(asking)
        except BaseException as error:
            with suppress(Exception):  # the store itself may be what is away
                asking.close()
            if not isinstance(error, KeyboardInterrupt):
                raise
            ended = f"Stopped: {asking.told} jobs ended"
            is_kept = self.storage and self.study_name
            log.warning(f"{ended}; {SWEEPER}.resume=true goes on" if is_kept else ended)
            raise Stopped from error
        with told(self.storage):
            _save(asking, folder / FOUND)
        if hopeless is not None:
            self._give_up(asking, *hopeless)
        every = [each for _, each in sorted(returned.items())]
        return [every[at : at + self.n_jobs] for at in range(0, len(every), self.n_jobs)]

    def _check(self) -> None:
        if not 0.0 <= self.max_failure_rate <= 1.0:
            raise bad_setting("max_failure_rate", self.max_failure_rate, "a number from 0 to 1")
        for key, count in {"n_trials": self.n_trials, "n_jobs": self.n_jobs}.items():
            if count < 1:
                raise bad_setting(key, count, "a whole number from 1 on")
        for key, given in {"storage": self.storage, "study_name": self.study_name}.items():
            if self.resume and not given:
                raise bad_setting(key, given, "the study's, where resume=true")

    def _space(self, arguments: list[str]) -> Space:
        space = Space()
        if self.search_space and not self.params:
            space.add_older(OmegaConf.to_container(self.search_space, resolve=True))  # type: ignore[arg-type]
        space.add(f"{key!s}={value}" for key, value in (self.params or {}).items())
        space.add(arguments)
        return space

    def _asking(self, space: Space) -> Asking:
        directions, extend = _directions(self.direction), self._extension()
        if self.numbers is not None and len(directions) != self.numbers:
            accepted = f"as many as the numbers that a job returns: {self.numbers}"
            raise bad_setting("direction", ", ".join(directions), accepted)
        sampler.check(self.sampler)
        study = opened(self.storage, self.study_name, directions)
        theirs = [each.name.lower() for each in study.directions]
        if theirs != directions:
            accepted = f"{', '.join(theirs)}: so the study {study.study_name} began"
            raise bad_setting("direction", ", ".join(directions), accepted)
        grid = sampler.is_grid(self.sampler)
        if self.resume and (left := take_up(study, again=not grid)):
            log.info(f"{left} jobs were cut off and run again")
        done = len(finished(study))
        # What was cut off counts here: drawn again, it would run beside the one taken up.
        study.sampler = sampler.sampler_of(self.sampler, len(study.get_trials(deepcopy=False)))
        total = self.n_trials if self.resume else self.n_trials + done
        combinations = untried(study, space) if grid else None
        if combinations is not None:
            total = min(total, done + len(combinations))
        grid_left = None if combinations is None else iter(combinations)
        return Asking(study, space, total, grid=grid_left, extend=extend)

    def _extension(self) -> Any:
        if not self.custom_search_space:
            return None
        module, _, name = self.custom_search_space.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            accepted, given = "module.function that can be imported", self.custom_search_space
            raise bad_setting("custom_search_space", given, accepted, why=error) from error
        return partial(found, self.config)

    def _carry_out(
        self, asking: Asking
    ) -> tuple[dict[int, JobReturn], tuple[JobReturn, str] | None]:
        """Ask while there is room; tell; stop where too many fail, and say with which."""
        places = slots(self.launcher, self.n_jobs)
        in_order = self.sampler.get("seed") is not None and not sampler.is_grid(self.sampler)
        running: list[int] = []
        ended: dict[int, JobReturn] = {}
        returned: dict[int, JobReturn] = {}
        most = self.max_failure_rate * (asking.total - asking.asked)
        hopeless: tuple[JobReturn, str] | None = None  # then those that run still come to their end
        while running or not (hopeless or asking.is_done):
            while len(running) < places.size and not (hopeless or asking.is_done):
                number, words = asking.ask()
                places.start(number, words)
                running.append(number)
            while (first := running[0] if in_order else next(iter(ended), None)) not in ended:
                number, answer = places.next()
                ended[number] = answer
                if number != first:  # told in its turn, which a kill may come before
                    asking.note(number, answer)
            running.remove(first)  # one is told before one is asked: no other order repeats
            returned[first] = ended.pop(first)
            if why := asking.tell(first, returned[first]):
                log.warning(f"Job {first} failed: {why}")
                if hopeless is None and asking.failed > most:
                    hopeless = returned[first], why
        return returned, hopeless

    def _give_up(self, asking: Asking, answer: JobReturn, why: str) -> None:
        """End a sweep of which a larger share has failed than may in the end."""
        said = f"{asking.failed} of {asking.told} jobs failed; "
        log.error(f"{said}max_failure_rate is {self.max_failure_rate}")
        try:
            _ = answer.return_value  # raises what the job raised
        except Exception as error:
            error.add_note(f"{said}max_failure_rate is {self.max_failure_rate}")
            raise
        raise RuntimeError(f"{said}{why}")  # it raised nothing, and returned what is no number


def _directions(direction: Any) -> list[str]:
    """One direction or several, as Optuna takes them.

    >>> _directions("maximize"), _directions(["minimize", "maximize"])
    (['maximize'], ['minimize', 'maximize'])
    """
    several = direction if isinstance(direction, MutableSequence) else [direction]
    found = [str(getattr(each, "name", each)) for each in several]
    for each in found:
        if each not in DIRECTIONS:
            raise bad_setting("direction", each, "", DIRECTIONS)
    return found


def _save(asking: Asking, path: Path) -> None:
    """What was found in the whole study, for whoever reads files."""
    study = asking.study
    found: dict[str, Any] = {"name": "optuna"}
    if asking.before:
        found["ended_before"] = asking.before
    best = [each for each in study.best_trials if each.values]
    if len(study.directions) > 1:
        found["solutions"] = [{"params": t.params, "values": list(t.values)} for t in best]
        log.info(f"{len(best)} solutions that none beats in every direction: {path}")
    elif best:
        found |= {"best_params": best[0].params, "best_value": best[0].value}
        log.info(f"Best: {best[0].value} with {best[0].params}")
    OmegaConf.save(OmegaConf.create(found), path)
