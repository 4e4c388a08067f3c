"""The nouns of tuning: a trial, and what the tuner found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One set of parameters, scored on the folds inside the training part.

    Parameters
    ----------
    number : int
        From 0.
    params : dict of str to object
        Full configuration key (``model.alpha``) to value.
    scores : tuple of dict of str to float
        One dict of metrics a fold; empty if the trial failed.
    state : str
        ``complete`` or ``failed``.
    says : str
        The reason of a failure.
    seconds : float
    """

    number: int
    params: dict[str, Any]
    scores: tuple[dict[str, float], ...]
    state: str = "complete"
    says: str = ""
    seconds: float = 0.0

    def mean(self, metric: str) -> float:
        """Mean of `metric` over the folds; NaN for a failed trial."""
        values = [fold[metric] for fold in self.scores]
        return sum(values) / len(values) if values else float("nan")


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a tuner may ask: score these parameters; which metric ranks, and which way.

    Parameters
    ----------
    score : callable
        Takes ``{key: value}``, gives one dict of metrics a fold. Raises what the parts raise.
    metric : str
    greater_is_better : bool
    seed : int
    """

    score: Callable[[dict[str, Any]], tuple[dict[str, float], ...]]
    metric: str
    greater_is_better: bool
    seed: int


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The best parameters (empty: those of the configuration) and every trial."""

    best: Trial
    trials: tuple[Trial, ...]
