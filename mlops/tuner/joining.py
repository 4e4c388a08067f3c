"""The best trials joined: which of them, and whether that is better than the best one alone."""

from __future__ import annotations

from collections.abc import Sequence

from mlops.core.crew import Crew
from mlops.core.tuning import COMPLETE, Ensemble, Objective, Trial
from mlops.tuner.goals import Goal

MODEL = "model"


def joined(
    objective: Objective,
    crew: Crew,
    trials: Sequence[Trial],
    goal: Goal,
    most: int,
    ways: Sequence[str],
    **limits: float | None,
) -> tuple[Ensemble, ...]:
    """The ensembles of the best trials, the best ensemble first.

    Parameters
    ----------
    objective : Objective
    crew : Crew
        Open, and idle.
    trials : sequence of Trial
    goal : Goal
    most : int
        Members of an ensemble at most; below 2 there is none.
    ways : sequence of str
        To join them.
    **limits : float or None
        ``budget_s`` for all of it, ``limit_s`` for each fit.
    """
    members = best_of_each(trials, goal, most)
    if objective.blend is None or len(members) < 2:
        return ()
    found = objective.blend(crew, members, ways, goal.metric, **limits)
    return tuple(sorted(found, key=lambda each: goal.loss(mean(each, goal))))


def best_of_each(trials: Sequence[Trial], goal: Goal, most: int) -> tuple[Trial, ...]:
    """At most so many complete trials: the best of each model first, then the next best of any.

    What differs in kind errs in different rows, and so gains most by being joined.
    """
    complete = [each for each in trials if each.state == COMPLETE]
    ranked = sorted(complete, key=lambda each: (goal.loss(each.mean(goal.metric)), each.number))
    distinct = list({repr(each.params): each for each in reversed(ranked)}.values())[::-1]
    first = list({each.params.get(MODEL): each for each in reversed(distinct)}.values())
    chosen = [*sorted(first, key=distinct.index), *(each for each in distinct if each not in first)]
    return tuple(sorted(chosen[:most], key=distinct.index)) if most > 1 else ()


def mean(ensemble: Ensemble, goal: Goal) -> float:
    """Mean of the goal's metric over the folds."""
    return ensemble.trial(0).mean(goal.metric)


def winner(found: Sequence[Ensemble], best: Trial, goal: Goal) -> Ensemble | None:
    """The first ensemble, if it beats the best trial alone."""
    if not found or not goal.loss(mean(found[0], goal)) < goal.loss(best.mean(goal.metric)):
        return None
    return found[0]
