"""One study: which words come next, and what became of the last ones."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops.config.sweeper.refusal import bad_setting
from mlops.config.sweeper.space import Space

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

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
        self.asked = self.before = len(finished(study))
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
        BadSweep
            A key is searched and fixed at once.
        """
        if self._grid is not None:
            self.study.enqueue_trial(next(self._grid))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of experimental samplers
            trial = self.study.ask(self.space.searched)
        self._open[trial.number] = trial
        for key, value in self.space.fixed.items():
            trial.set_user_attr(key, value)
        if self._extend is not None:
            self._extend(trial)
        twice = sorted(trial.params.keys() & trial.user_attrs)
        if twice:
            names = ", ".join(twice)
            raise bad_setting("custom_search_space", names, "no key that is searched and fixed")
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

    def close(self) -> None:
        """Leave nothing open: what was not told is cut off, and a resumed sweep runs it again."""
        from optuna.trial import TrialState

        for each in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if each.number not in self._open and not each.params:  # stopped while it was asked for
                _close(self.study, each)
        while self._open:
            _, trial = self._open.popitem()
            _close(self.study, trial)


def finished(study: Study) -> list[Any]:
    """The trials that count towards the total: what a kill cut off does not."""
    return [
        each
        for each in study.get_trials(deepcopy=False)
        if each.state.is_finished() and not _is_cut_off(each)
    ]


def take_up(study: Study, *, again: bool) -> int:
    """Close the trials that a kill left open; with `again`, parameters that were cut off come next.

    One whose job had ended is told what that returned. Gives how many are to run again.
    """
    from optuna.trial import TrialState

    for each in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        _close(study, each)
    # Told apart by what came later, not by a mark: killed in between, none is lost or tried twice.
    every = study.get_trials(deepcopy=False)
    later: list[dict[str, Any]] = []
    left = []
    for each in reversed(every):
        if _is_cut_off(each) and not any(each.params.items() <= one.items() for one in later):
            left.append(each.params)
        later.append({**each.system_attrs.get("fixed_params", {}), **each.params})
    for params in reversed(left) if again else ():
        study.enqueue_trial(params)
    return len(left)


def _is_cut_off(trial: FrozenTrial) -> bool:
    return bool(trial.user_attrs.get(WHY) == CUT_OFF)


def _close(study: Study, trial: Trial | FrozenTrial) -> None:
    from optuna.trial import TrialState

    if RETURNED in trial.user_attrs:
        study.tell(trial.number, trial.user_attrs[RETURNED])
        return
    study._storage.set_trial_user_attr(trial._trial_id, WHY, CUT_OFF)
    study.tell(trial.number, state=TrialState.FAIL)


def untried(study: Study, space: Space) -> list[dict[str, Any]]:
    """Every combination of a grid that no finished trial had, the last key changing fastest."""
    axes = space.grid()
    tried = {tuple(each.params.get(key) for key in axes) for each in finished(study)}
    every = itertools.product(*axes.values())
    return [dict(zip(axes, each, strict=True)) for each in every if each not in tried]


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
