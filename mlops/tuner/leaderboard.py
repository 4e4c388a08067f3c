"""Whole options side by side: one row for each set of them that was tried, the best first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import pstdev
from typing import Any

from mlops.core.tuning import COMPLETE, Ensemble, Trial
from mlops.tuner.goals import Goal


def leaderboard(
    trials: Sequence[Trial], goal: Goal, ensembles: Sequence[Ensemble] = ()
) -> tuple[dict[str, Any], ...]:
    """Rows of what was searched of the rooms, the metric, its spread over the folds, and how often.

    Parameters
    ----------
    trials : sequence of Trial
        Those that chose an option; where none did there is no table.
    goal : Goal
    ensembles : sequence of Ensemble
    """
    rooms = [key for key in _keys(trials) if "." not in key]
    if not rooms:
        return ()
    groups: dict[tuple[Any, ...], list[Trial]] = {}
    for trial in trials:
        groups.setdefault(tuple(trial.params.get(room) for room in rooms), []).append(trial)
    rows = [_row(dict(zip(rooms, names, strict=True)), group, goal)
            for names, group in groups.items()]  # fmt: skip
    for each in ensembles:
        named = {room: each.says if room == "model" else None for room in rooms}
        rows.append({**_row(named, [each.trial(0)], goal), "trials": len(each.members)})
    score = f"cv_{goal.metric}"
    ranked = sorted(rows, key=lambda row: (row[score] is None, goal.loss(row[score] or 0.0)))
    return tuple({"rank": at, **row} for at, row in enumerate(ranked, start=1))


def _keys(trials: Sequence[Trial]) -> list[str]:
    """In the order in which choices are read best: what counts most comes first."""
    every = dict.fromkeys(key for trial in trials for key in trial.params)
    return [*reversed(every)]


def _row(named: dict[str, Any], group: Sequence[Trial], goal: Goal) -> dict[str, Any]:
    complete = [each for each in group if each.state == COMPLETE]
    best = min(complete, key=lambda each: goal.loss(each.mean(goal.metric)), default=None)
    folds = [fold[goal.metric] for fold in best.scores] if best and goal.metric != "seconds" else []
    return {
        **named,
        f"cv_{goal.metric}": best.mean(goal.metric) if best else None,
        "spread": pstdev(folds) if len(folds) > 1 else None,
        "trials": len(group),
        "complete": len(complete),
        "seconds": round(math.fsum(each.seconds for each in group), 2),
    }
