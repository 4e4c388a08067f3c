"""Trials of which none is better in everything, and how one of them is picked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops.core.tuning import COMPLETE, Trial
from mlops.tuner.best import none_complete
from mlops.tuner.goals import Goal


def front(trials: Sequence[Trial], goals: Sequence[Goal]) -> tuple[Trial, ...]:
    """The complete trials that no other beats in one goal without losing in another.

    The best by the first goal comes first; of equals, the one with the lowest number stays.

    Raises
    ------
    MlopsError
        No trial is complete.
    """
    complete = [trial for trial in trials if trial.state == COMPLETE]
    if not complete:
        raise none_complete(tuple(trials))
    losses = {trial.number: _losses(trial, goals) for trial in complete}
    kept = [
        trial
        for trial in complete
        if not any(_beats(losses[other.number], losses[trial.number], other.number < trial.number)
                   for other in complete if other is not trial)
    ]  # fmt: skip
    return tuple(sorted(kept, key=lambda trial: (losses[trial.number], trial.number)))


def rows(
    found: Sequence[Trial], goals: Sequence[Goal], chosen: Trial
) -> tuple[dict[str, Any], ...]:
    """The front as a table: which trial is picked, its number, what it scores, what it tried.

    Parameters
    ----------
    found : sequence of Trial
        The front; parameters of a key that not all of them have are None.
    goals : sequence of Goal
    chosen : Trial
    """
    keys = dict.fromkeys(key for trial in found for key in trial.params)
    return tuple(
        {
            "pick": "picked" if trial.number == chosen.number else "",
            "trial": trial.number,
            **{f"cv_{goal.metric}": trial.mean(goal.metric) for goal in goals},
            **{key: trial.params.get(key) for key in keys},
        }
        for trial in found
    )


def picked(found: Sequence[Trial], goals: Sequence[Goal], pick: str | float) -> Trial:
    """One trial of the front.

    Parameters
    ----------
    found : sequence of Trial
        The front, as :func:`front` orders it.
    goals : sequence of Goal
        At least two.
    pick : str or float
        ``first``: the best by the first goal. ``knee``: the farthest from the line between the
        best by the first goal and the best by the second, both scaled to 0…1. A number: the best
        by the second goal among those whose first is worse by at most that share of the best.
    """
    if pick == "first":
        return found[0]
    if pick == "knee":
        return max(found, key=lambda trial: (_depth(trial, found, goals), -trial.number))
    best = found[0].mean(goals[0].metric)
    most = goals[0].loss(best) + float(pick) * abs(best)
    near = [trial for trial in found if _losses(trial, goals)[0] <= most]
    return min(near, key=lambda trial: (_losses(trial, goals)[1], trial.number))


def _losses(trial: Trial, goals: Sequence[Goal]) -> tuple[float, ...]:
    return tuple(goal.loss(trial.mean(goal.metric)) for goal in goals)


def _beats(one: tuple[float, ...], other: tuple[float, ...], is_earlier: bool) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True)) and (one != other or is_earlier)


def _depth(trial: Trial, found: Sequence[Trial], goals: Sequence[Goal]) -> float:
    """How far below the line between the ends of the front a trial lies, in its first two goals."""
    every = [_losses(each, goals)[:2] for each in found]
    low, high = (tuple(f(each[at] for each in every) for at in (0, 1)) for f in (min, max))
    span = [top - bottom or 1.0 for bottom, top in zip(low, high, strict=True)]
    x, y = ((loss - low[at]) / span[at] for at, loss in enumerate(_losses(trial, goals)[:2]))
    return 1.0 - x - y
