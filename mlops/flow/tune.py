"""The road's search for better parameters: what the tuner may ask, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

from mlops.config.candidates import FITTED
from mlops.config.job import Job
from mlops.core.crew import Crew
from mlops.core.report import rounded
from mlops.core.tuning import FAILED, PRUNED, Ensemble, Objective, Trial, Tuned
from mlops.flow.fitting import Fitter
from mlops.flow.keys import flat
from mlops.flow.so_far import SoFar, named, told_if_stopped
from mlops.tuner.goals import goals


def tune(
    job: Job, fitter: Fitter, evaluator: Any, key: str, told: Callable[[Trial], None]
) -> Tuned:
    """Let the tuner ask, and say what it found.

    Parameters
    ----------
    job : Job
    fitter : Fitter
    evaluator : object
        For the task of the data.
    key : str
        The run's.
    told : callable
        Is told each trial of a search as it ends.
    """
    steps, began, tuner = fitter.steps, perf_counter(), job.part("tuner")
    asked = objective(job, fitter, evaluator, key, told)
    goal = goals(getattr(tuner, "metrics", ()), asked)[0]
    so_far = SoFar(asked, goal)
    asked = replace(asked, told=so_far.told)
    with told_if_stopped(steps, so_far):
        tuned: Tuned = tuner.tune(asked, job.space_for(fitter.prepared.dataset.task.name))
    count = len(fitter.prepared.split.folds)
    says = f"{goal.metric} {rounded(tuned.best.mean(goal.metric))} over {count} folds"
    if len(tuned.trials) > 1:
        says = f"{_counted(tuned)}, best {says}: {named(tuned.best)}"
    reused = sum(name.startswith("fold ") for name in steps.reused)
    says += f" ({reused} folds' features reused)" if reused else ""
    if tuned.ensemble is not None:
        score = rounded(tuned.ensemble.trial(0).mean(goal.metric))
        says += f"; better still: the {tuned.ensemble.says}, {goal.metric} {score}"
    steps.note("tuner", "done", says, perf_counter() - began)
    return tuned


def objective(
    job: Job, fitter: Fitter, evaluator: Any, key: str, told: Callable[[Trial], None]
) -> Objective:
    """What a tuner may ask; every answer is scored on folds inside the training part."""
    prepared, primary = fitter.prepared, evaluator.primary

    def score(params: dict[str, Any]) -> tuple[dict[str, float], ...]:
        return fitter.fold_scores(job.with_values(params) if params else job, evaluator)

    def crew() -> Crew:
        from mlops.flow.bench import crew_for

        return crew_for(job, prepared, fitter.steps)

    def blend(*asked: Any, **limits: Any) -> tuple[Ensemble, ...]:
        from mlops.flow.ensemble import Blend

        return Blend(fitter, evaluator)(*asked, **limits)

    return Objective(
        score=score,
        metric=primary,
        greater_is_better=evaluator.greater_is_better(primary),
        seed=job.seed,
        folds=len(prepared.split.folds),
        crew=crew,
        prefers_greater=evaluator.greater_is_better,
        told=told,
        screen=fitter.steps.screen,
        name=job.name,
        key=key,
        studies=job.outputs / "studies" / job.name,
        about=compared(job, prepared.key),
        starts=starts(job, prepared.dataset.task.name),
        blend=blend,
    )


def starts(job: Job, task: str) -> tuple[dict[str, Any], ...]:
    """Each model that is searched with its own values, so that none is judged by luck alone.

    Beside it stand what was chosen for the other rooms, or the first of what may be.
    """
    rooms = {room: job.serving(room, task) for room in job.candidates}
    found = []
    for name in rooms.get("model", ()):
        drawn = {
            room: job.choices[room] if job.choices[room] in names else names[0]
            for room, names in rooms.items()
        } | {"model": name}
        own = job.with_values(drawn).values
        found.append(drawn | {k: v for room in FITTED for k, v in flat(own[room], room).items()})
    return tuple(found)


def compared(job: Job, split_key: str) -> dict[str, str]:
    """What makes the scores of two studies comparable, flat: the rows, the parts, their values."""
    parts: dict[str, Any] = {}
    for room in FITTED:
        parts |= flat(job.candidates.get(room, job.values[room]), room)
    told = {key: str(value) for key, value in parts.items()}
    return {"rows and folds": split_key, "seed": str(job.seed), **told}


def _counted(tuned: Tuned) -> str:
    """``50 trials (20 of them earlier, 12 pruned, 1 failed)``."""
    states = [trial.state for trial in tuned.trials]
    of = [f"{tuned.earlier} of them earlier"] if tuned.earlier else []
    of += [f"{states.count(each)} {each}" for each in (PRUNED, FAILED) if each in states]
    return f"{len(states)} trials" + (f" ({', '.join(of)})" if of else "")
