"""The page of a sweep: its jobs side by side, and what each choice does to the metric."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from mlops.core.record import Result
from mlops.core.report import Plot, rounded
from mlops.core.tuning import Trial
from mlops.flow.sweep_parent import Sweep
from mlops.flow.sweep_table import rank, score, value_of
from mlops.tuner.goals import Goal
from mlops.tuner.plots import MOST_SLICES, by_key, side_by_side
from mlops.ui.sheet import Section, Tile, sheet

FEWEST, FEWEST_NUMBERS = 2, 4  # jobs to compare; different numbers to make an axis


def html(sweep: Sweep, result: Result) -> str:
    """One document that needs nothing else.

    Parameters
    ----------
    sweep : Sweep
    result : Result
        Of the sweep as a whole.
    """
    kept = [Section(title="In short", tiles=tuple(_tiles(sweep))), *_pictures(sweep)]
    kept.append(Section(title="Jobs", rows=tuple(result.details["rows"])))
    lost = [each for each in sweep.results if each.problems]
    if lost:
        kept.append(Section(title="What went wrong", terms=_wrong(sweep)))
    summary = {
        "experiment": ", ".join(sweep.names),
        "varied": ", ".join(sweep.varied) or "nothing",
        "sweep": sweep.folder.key,
        "outcome": f"{result.outcome}, {result.details['says']}",
    }
    warnings = () if len(sweep.results) == sweep.count else ("not all jobs have run",)
    return sheet(
        f"Sweep of {sweep.count or len(sweep.results)} jobs",
        kept,
        summary=summary,
        warnings=warnings,
    )


def _tiles(sweep: Sweep) -> Iterator[Tile]:
    results = sweep.results
    for outcome, tone in (("passed", "good"), ("refused", "bad"), ("failed", "bad")):
        count = sum(each.outcome == outcome for each in results)
        yield Tile(label=outcome, value=str(count), tone=tone if count else "")
    for name in sweep.names:
        best = sweep.winner(name)
        if best is not None and math.isfinite(score(best)):
            primary = best.metrics[0]
            where = "in cross-validation" if primary["cv_mean"] is not None else "on the test part"
            yield Tile(
                label=f"best {primary['name']} of {name}",
                value=rounded(score(best)),
                says=f"{where}: run {best.key}",
            )


def _pictures(sweep: Sweep) -> Iterator[Section]:
    """Choices and metric, for each experiment with enough jobs to compare."""
    for name in sweep.names:
        scored = [
            (job, each)
            for job, each in sweep.ended
            if each.name == name and math.isfinite(score(each))
        ]
        scored.sort(key=lambda pair: rank(pair[1]))
        if len(scored) < FEWEST or not sweep.varied:
            continue
        primary = scored[0][1].metrics[0]
        few = [
            key
            for key in sweep.varied
            if len({value_of(job, key) for job, _ in scored}) < FEWEST_NUMBERS
        ]
        trials = [
            Trial(
                number=number,
                params={
                    key: value_of(job, key) if key in few else _read(value_of(job, key))
                    for key in sweep.varied
                },
                scores=({primary["name"]: score(each)},),
            )
            for number, (job, each) in enumerate(scored)
        ]
        goal = Goal(primary["name"], is_greater_better=primary["greater_is_better"])
        more = f" of {name}" if len(sweep.names) > 1 else ""
        yield Section(title=f"Choices and {goal.metric}{more}", plots=tuple(_plots(trials, goal)))


def _plots(trials: list[Trial], goal: Goal) -> Iterator[Plot]:
    keys = [
        key for key in trials[0].params if len({repr(trial.params[key]) for trial in trials}) > 1
    ]
    yield side_by_side(trials, goal, keys, "Jobs")
    yield from by_key(trials, goal, keys[:MOST_SLICES])


def _read(value: str) -> Any:
    """A word of the command line as the number it stands for, else as it is."""
    try:
        found = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    return found if is_number and math.isfinite(found) else value


def _wrong(sweep: Sweep) -> dict[str, str]:
    """What sets a job apart, to what is said of it."""
    return {
        f"{step.name}: {sweep.said(job)}": step.says.removeprefix(f"{sweep.said(job)}: ")
        for (job, result), step in zip(sweep.ended, sweep.steps, strict=True)
        if result.problems
    }
