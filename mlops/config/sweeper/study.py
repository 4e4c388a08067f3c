"""One study: which words come next, and what became of the last ones."""

from __future__ import annotations

import hashlib
import inspect
import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops.config.sweeper.space import Space

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

CUT_OFF, WHY, RETURNED = "cut off", "reason", "returned"


class Asking:
    """Asks a study for jobs and tells it what they returned.

    Parameters
    ----------
    study : optuna.Study
    space : Space
    total : int
        Jobs that the study is to have in the end.
    grid : iterator of dict, optional
        What is asked for, in this order, in place of the sampler's own ideas.
    extend : callable, optional
        Takes the trial, and may add to it.
    """

    def __init__(
        self,
        study: Study,
        space: Space,
        total: int,
        *,
        grid: Iterator[dict[str, Any]] | None = None,
        extend: Callable[[Trial], None] | None = None,
    ) -> None:
        self.study, self.space, self.total = study, space, total
        self._extend, self._grid = extend, grid
        self._open: dict[int, Trial] = {}
        self.asked = len(finished(study))
        self.failed = 0
        self.told = 0

    @property
    def is_done(self) -> bool:
        """Whether the study needs no further job."""
        return self.asked >= self.total

    def ask(self) -> tuple[int, list[str]]:
        """Number and words of the next job.

        Raises
        ------
        ValueError
            A key is searched and fixed at once.
        """
        if self._grid is not None:
            self.study.enqueue_trial(next(self._grid))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of experimental samplers
            trial = self.study.ask(self.space.searched)
        for key, value in self.space.fixed.items():
            trial.set_user_attr(key, value)
        if self._extend is not None:
            self._extend(trial)
        twice = sorted(trial.params.keys() & trial.user_attrs)
        if twice:
            raise ValueError(f"searched and fixed at once: {', '.join(twice)}")
        self._open[trial.number] = trial
        self.asked += 1
        params = {**trial.params, **self.space.fixed}
        return trial.number, [f"{key}={_word(value)}" for key, value in params.items()]

    def note(self, number: int, returned: JobReturn) -> None:
        """Write down what a job returned that is told later; a job that failed runs again."""
        with suppress(Exception):  # whatever the job raised
            values = _values(returned, len(self.study.directions))
            self._open[number].set_user_attr(RETURNED, list(values))

    def tell(self, number: int, returned: JobReturn) -> str:
        """Take in what a job returned; why it failed, or an empty text."""
        from optuna.trial import TrialState

        trial, why = self._open.pop(number), ""
        try:
            values = _values(returned, len(self.study.directions))
        except Exception as error:  # whatever the job raised, or returned instead of numbers
            why = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            trial.set_user_attr(WHY, why)
        self.told += 1
        self.failed += bool(why)
        if why:
            self.study.tell(trial, state=TrialState.FAIL)
        else:
            self.study.tell(trial, values)
        return why


def finished(study: Study) -> list[Any]:
    """The trials that count towards the total: what a kill cut off does not."""
    return [
        each
        for each in study.get_trials(deepcopy=False)
        if each.state.is_finished() and each.user_attrs.get(WHY) != CUT_OFF
    ]


def take_up(study: Study, *, again: bool) -> int:
    """Close the trials that a kill left open; with `again`, their parameters come next.

    One whose job had ended is told what that returned. Gives how many are to run again.
    """
    from optuna.trial import TrialState

    cut_off = 0
    for each in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if RETURNED in each.user_attrs:
            study.tell(each.number, each.user_attrs[RETURNED])
            continue
        cut_off += 1
        # The trial is told before its words are queued again: killed in between, it is lost, and
        # the total brings another in its place; the other order could try one twice.
        study._storage.set_trial_user_attr(each._trial_id, WHY, CUT_OFF)
        study.tell(each.number, state=TrialState.FAIL)
        if again:
            study.enqueue_trial(each.params)
    return cut_off


def untried(study: Study, space: Space) -> list[dict[str, Any]]:
    """Every combination of a grid that no finished trial had, the last key changing fastest."""
    axes = space.grid()
    tried = {tuple(each.params.get(key) for key in axes) for each in finished(study)}
    every = itertools.product(*axes.values())
    return [dict(zip(axes, each, strict=True)) for each in every if each not in tried]


def is_grid(given: Any) -> bool:
    """Whether every combination is to be tried."""
    return str(given["_target_"]).endswith(".GridSampler")


def sampler_of(given: Any, done: int) -> BaseSampler:
    """The sampler that the settings name.

    Parameters
    ----------
    given : mapping
        ``{_target_, seed, …}``.
    done : int
        Trials of a resumed study: a seeded sampler goes on with other numbers.
    """
    import optuna

    made, keys = _taken(given)
    if done and keys.get("seed") is not None:
        told = hashlib.sha256(f"{keys['seed']} {done}".encode()).digest()
        keys["seed"] = int.from_bytes(told[:4])
    if is_grid(given):  # the order is ours
        made, keys = optuna.samplers.RandomSampler, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler: BaseSampler = made(**keys)
    return sampler


def _taken(given: Any) -> tuple[Any, dict[str, Any]]:
    """Class and arguments; keys that Optuna no longer has are left out, with a warning."""
    import optuna
    from hydra.utils import get_class, instantiate

    target = str(given["_target_"])
    module, _, name = target.rpartition(".")
    name = "TPESampler" if name == "MOTPESampler" else name
    made = getattr(optuna.samplers, name, None) if module == "optuna.samplers" else None
    made = get_class(target) if made is None else made
    keys = {
        str(key): instantiate(value) if hasattr(value, "items") else value
        for key, value in given.items()
        if value is not None and not str(key).startswith("_")
    }
    known = inspect.signature(made).parameters
    gone = sorted(keys.keys() - known.keys())
    if gone:
        warnings.warn(f"{name} of this Optuna has no {', '.join(gone)}", stacklevel=2)
    return made, {key: value for key, value in keys.items() if key in known}


def _values(returned: JobReturn, count: int) -> Sequence[float]:
    """The numbers that a job returned.

    Raises
    ------
    Exception
        What the job raised.
    ValueError
        Not so many numbers, or NaN.
    """
    value = returned.return_value
    several = value if isinstance(value, Iterable) and count > 1 else [value]
    values = [float(each) for each in several]
    if len(values) != count:
        raise ValueError(f"{len(values)} numbers returned for {count} directions")
    if any(math.isnan(each) for each in values):
        raise ValueError("NaN returned")
    return values


def _word(value: Any) -> str:
    """A value in Hydra's grammar."""
    return "null" if value is None else str(value)
