"""Which trial is the best, and what to say when there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mlops.core.errors import MlopsError, fail, listed
from mlops.core.tuning import COMPLETE, Trial
from mlops.tuner.goals import Goal


def best(goal: Goal, trials: Iterable[Trial]) -> Trial:
    """The complete trial with the best mean of the goal's metric; the first of equals.

    Parameters
    ----------
    goal : Goal
    trials : iterable of Trial

    Raises
    ------
    MlopsError
        No trial is complete.
    """
    trials = tuple(trials)
    complete = [trial for trial in trials if trial.state == COMPLETE]
    if not complete:
        raise none_complete(trials)

    def loss(trial: Trial) -> float:
        mean = goal.loss(trial.mean(goal.metric))
        return math.inf if math.isnan(mean) else mean

    return min(complete, key=loss)


def none_complete(trials: tuple[Trial, ...]) -> MlopsError:
    """The error where every trial failed."""
    reasons = dict.fromkeys(trial.says for trial in trials)
    return fail(
        "all-trials-failed",
        f"All {len(trials)} trials failed." if trials else "No trial was tried.",
        where="tuner",
        found=listed(reasons, most=3) or "no trial",
        accepted="at least one set of parameters that can be fitted and scored on all folds",
        next_step="run once with tuner=fixed to see the error, then correct space or limits",
    )
