"""Which trial is the best, and what to say when there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mlops.core.errors import MlopsError, fail, listed
from mlops.core.tuning import COMPLETE, Objective, Trial


def best(objective: Objective, trials: Iterable[Trial], option: str) -> Trial:
    """The complete trial with the best mean of the ranking metric; the first of equals.

    Parameters
    ----------
    objective : Objective
    trials : iterable of Trial
    option : str
        Of the tuner, for the error.

    Raises
    ------
    MlopsError
        No trial is complete.
    """
    trials = tuple(trials)
    complete = [trial for trial in trials if trial.state == COMPLETE]
    if not complete:
        raise none_complete(trials, option)
    sign = 1 if objective.greater_is_better else -1

    def rank(trial: Trial) -> float:
        mean = sign * trial.mean(objective.metric)
        return -math.inf if math.isnan(mean) else mean

    return max(complete, key=rank)


def none_complete(trials: tuple[Trial, ...], option: str) -> MlopsError:
    """The error where every trial failed."""
    reasons = dict.fromkeys(trial.says for trial in trials)
    return fail(
        "all-trials-failed",
        f"All {len(trials)} trials failed." if trials else "No trial was tried.",
        where=f"tuner={option}",
        found=listed(reasons, most=3) or "no trial",
        accepted="at least one set of parameters that can be fitted and scored on all folds",
        next_step="run once with tuner=fixed to see the error, then correct space or limits",
    )
