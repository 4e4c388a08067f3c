"""What a search has found by now, for whoever stops it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from mlops.core.report import rounded
from mlops.core.tuning import COMPLETE, Objective, Trial
from mlops.flow.steps import Steps
from mlops.tuner.goals import Goal


class SoFar:
    """How many trials have ended, and the best of them; the others are in the study.

    Parameters
    ----------
    asked : Objective
        Whoever is told there is told each trial still.
    goal : Goal
        What the best trial is the best in.
    """

    def __init__(self, asked: Objective, goal: Goal) -> None:
        self.asked, self.goal, self.count = asked, goal, 0
        self.best: Trial | None = None

    def told(self, trial: Trial) -> None:
        """Take note of a trial that has ended."""
        self.count += 1
        loss = self.goal.loss
        if trial.state == COMPLETE and (
            self.best is None or loss(self.score(trial)) < loss(self.score(self.best))
        ):
            self.best = trial
        self.asked.told(trial)

    def score(self, trial: Trial) -> float:
        """What ranks trials."""
        return trial.mean(self.goal.metric)


@contextmanager
def told_if_stopped(steps: Steps, so_far: SoFar) -> Iterator[None]:
    """Where the user stops the search, the result holds the best that was found by then."""
    began = perf_counter()
    try:
        yield
    except KeyboardInterrupt:
        metric, best = so_far.goal.metric, so_far.best
        steps.so_far |= {"trials": so_far.count}
        if best is not None:
            score = so_far.score(best)
            says = f"stopped; best so far {metric} {rounded(score)}: "
            steps.so_far |= {"best": best.params, f"cv_{metric}": score}
            steps.tell("tuner", "skipped", says + named(best), perf_counter() - began)
        raise


def named(trial: Trial) -> str:
    """What a trial tried: ``model.alpha=0.5, features.degree=2``."""
    return ", ".join(f"{key}={_short(value)}" for key, value in trial.params.items())


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
