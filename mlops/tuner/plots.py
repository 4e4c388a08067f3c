"""What a search looked like: its history, what mattered, all trials side by side, each key."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlops.core.report import Plot
from mlops.core.tuning import COMPLETE, PRUNED, Trial
from mlops.tuner.goals import Goal

FEWEST, MOST_SLICES, MOST_POINTS = 3, 6, 500


def pictures(
    trials: Sequence[Trial],
    goals: Sequence[Goal],
    importance: Mapping[str, float] | None = None,
    front: Sequence[Trial] = (),
) -> tuple[Plot, ...]:
    """The pictures of a search with at least three complete trials.

    Parameters
    ----------
    trials : sequence of Trial
    goals : sequence of Goal
        The first is drawn.
    importance : mapping of str to float, optional
        Share of each key in what the scores differ by.
    front : sequence of Trial
        Of several goals.
    """
    complete = [each for each in trials if each.state == COMPLETE][-MOST_POINTS:]
    if len(complete) < FEWEST:
        return ()
    found = [_front(complete, goals, front)] if front else []
    found.append(_history(trials, goals[0]))
    if importance:
        found.append(_importance(importance))
    keys = _keys(complete, importance or {})
    found.append(side_by_side(complete, goals[0], keys))
    return (*found, *by_key(complete, goals[0], keys[:MOST_SLICES]))


def _keys(complete: Sequence[Trial], importance: Mapping[str, float]) -> list[str]:
    """Keys that were searched, options and what matters first; those with one value say nothing."""
    every = dict.fromkeys(key for trial in complete for key in trial.params)
    varied = [key for key in every if len({repr(trial.params.get(key)) for trial in complete}) > 1]
    return sorted(varied, key=lambda key: ("." in key, -importance.get(key, 0.0)))


def _history(trials: Sequence[Trial], goal: Goal) -> Plot:
    best, steps = math.inf, []
    for trial in trials:
        if trial.state == COMPLETE:
            best = min(best, goal.loss(trial.mean(goal.metric)))
            steps.append((trial.number, goal.loss(best)))
    series = {"best so far": steps[-MOST_POINTS:]}
    for state in (COMPLETE, PRUNED):
        points = [(each.number, each.mean(goal.metric)) for each in trials if each.state == state]
        series |= {state: points[-MOST_POINTS:]} if points else {}
    label = f"mean {goal.metric} of the folds"
    return Plot("history", "Trials as they were asked", "trial", label, series, "whole")


def _importance(importance: Mapping[str, float]) -> Plot:
    bars = sorted(((_short(key), value) for key, value in importance.items()), key=lambda b: -b[1])
    return Plot("bar", "What mattered", "", "share of the differences", {"importance": bars})


def side_by_side(
    complete: Sequence[Trial], goal: Goal, keys: Sequence[str], called: str = "Trials"
) -> Plot:
    """A column for each key and one for the score; the best trials come last, drawn on top."""
    ranked = sorted(complete, key=lambda each: -goal.loss(each.mean(goal.metric)))
    columns = {
        _short(key): [(trial.number, trial.params.get(key)) for trial in ranked] for key in keys[:8]
    }
    columns[goal.metric] = [(trial.number, trial.mean(goal.metric)) for trial in ranked]
    return Plot("parallel", f"{called} side by side, the best darkest", "", goal.metric, columns)


def by_key(complete: Sequence[Trial], goal: Goal, keys: Sequence[str]) -> Iterator[Plot]:
    """The score by each key: over its numbers, or the mean for each of its words."""
    label = f"mean {goal.metric} of the folds"
    for key in keys:
        pairs = [
            (each.params[key], each.mean(goal.metric)) for each in complete if key in each.params
        ]
        values = [value for value, _ in pairs]
        if all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in values):
            log = min(values) > 0 and max(values) / min(values) >= 100
            points = [(math.log10(value) if log else value, score) for value, score in pairs]
            name = f"log10 {_short(key)}" if log else _short(key)
            yield Plot(
                "scatter", f"{_short(key)} and {goal.metric}", name, label, {"trials": points}
            )
        else:
            yield Plot("bar", f"Mean {goal.metric} by {_short(key)}", "", label, _by_value(pairs))


def _by_value(pairs: Sequence[tuple[Any, float]]) -> dict[str, list[tuple[Any, Any]]]:
    groups: dict[str, list[float]] = {}
    for value, score in pairs:
        groups.setdefault(str(value), []).append(score)
    return {"mean": [(name, sum(each) / len(each)) for name, each in groups.items()]}


def _front(complete: Sequence[Trial], goals: Sequence[Goal], front: Sequence[Trial]) -> Plot:
    """The first two goals of all trials, and those that none beats in both."""
    one, other = goals[0].metric, goals[1].metric
    numbers = {trial.number for trial in front}
    series = {
        "none is better in both": [
            (each.mean(one), each.mean(other)) for each in complete if each.number in numbers
        ],
        "others": [
            (each.mean(one), each.mean(other)) for each in complete if each.number not in numbers
        ],
    }
    if len(series["none is better in both"]) == 2:  # two points alone would be a reference line
        series["none is better in both"] *= 2
    kept = {name: points for name, points in series.items() if points}
    return Plot("scatter", "Pareto front", one, other, kept)


def _short(key: str) -> str:
    """A key without its room: ``alpha``."""
    return key.partition(".")[2] or key
