"""What is said while trials go on: how many, how many of them to no end, the best, how long yet."""

from __future__ import annotations

import math
from time import monotonic
from typing import Any

from mlops.core.tuning import COMPLETE, FAILED, PRUNED, Trial
from mlops.tuner.goals import Goal


class Progress:
    """Counts trials and shows how far it is.

    Parameters
    ----------
    screen : object
        The part of room ``ui``.
    goal : Goal
        What the best trial is the best in.
    total : int
        How many trials there are to be.
    before : int
        How many of them ended in an earlier run.
    """

    def __init__(self, screen: Any, goal: Goal, total: int, before: int = 0) -> None:
        self._screen, self._goal = screen, goal
        self._total, self._before = total, before
        self._began = monotonic()
        self._states = {COMPLETE: 0, PRUNED: 0, FAILED: 0}
        self._best = math.nan

    def told(self, trial: Trial) -> None:
        """Take note of a trial that ended, and show it."""
        self.noted(trial)
        self._screen.progress(self.done, self._total, self.says())

    def noted(self, trial: Trial) -> None:
        """Take note of a trial."""
        self._states[trial.state] += 1
        if trial.state == COMPLETE:
            mean, loss = trial.mean(self._goal.metric), self._goal.loss
            if math.isfinite(mean) and not loss(mean) >= loss(self._best):
                self._best = mean

    @property
    def done(self) -> int:
        """Trials that have ended."""
        return sum(self._states.values())

    def says(self) -> str:
        """``trials, 3 pruned, best rmse 3.42, 2 min left``."""
        return ", ".join([*self._states_and_best(), *self._left()])

    def _states_and_best(self) -> list[str]:
        said = ["trials"]
        said += [f"{self._states[each]} {each}" for each in (PRUNED, FAILED) if self._states[each]]
        if math.isfinite(self._best):
            said.append(f"best {self._goal.metric} {self._best:.4g}")
        return said

    def said(self) -> str:
        """The same for a line of its own: ``12 of 50 trials, best rmse 3.42``."""
        return f"{self.done} of {self._total} {', '.join(self._states_and_best())}"

    def _left(self) -> list[str]:
        here, left = self.done - self._before, self._total - self.done
        if here < 2 or left <= 0:
            return []
        seconds = (monotonic() - self._began) / here * left
        return [f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"]
