"""What a search is to make better: one metric or several, each in one direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlops.core.errors import MlopsError, closest, fail
from mlops.core.tuning import Objective

PRIMARY, SECONDS = "primary", "seconds"
ONE_METRIC = ("CmaEsSampler",)  # samplers that refuse several, at their first trial
WAYS = {"maximize": True, "minimize": False}


@dataclass(frozen=True)
class Goal:
    """A metric and its better direction."""

    metric: str
    is_greater_better: bool

    def loss(self, value: float) -> float:
        """`value` so that smaller is better."""
        return -value if self.is_greater_better else value


def read(metrics: Sequence[str]) -> dict[str, bool | None]:
    """Names of metrics and the directions stated with them; none stated is None.

    Raises
    ------
    MlopsError
        An entry cannot be read, or one metric stands twice, or is to go two ways.

    Examples
    --------
    >>> read(["recall", "seconds minimize"])
    {'recall': None, 'seconds': False}
    """
    found: dict[str, bool | None] = {}
    for entry in metrics or [PRIMARY]:
        name, *way = entry.split() if isinstance(entry, str) else (str(entry), "")
        if len(way) > 1 or (way and way[0] not in WAYS):
            raise _unreadable(str(entry))
        stated = WAYS[way[0]] if way else None
        if name in found:
            raise _twice(name, list(metrics), is_one_way={found[name], stated} != {*WAYS.values()})
        found[name] = stated
    return found


def goals(metrics: Sequence[str], objective: Objective) -> tuple[Goal, ...]:
    """The goals of a search, with each direction as the evaluator has it.

    Raises
    ------
    MlopsError
        As :func:`read`; a metric is the primary one too; there is no such metric; a stated
        direction is not the metric's.
    """
    found: dict[str, Goal] = {}
    for name, stated in read(metrics).items():
        metric = objective.metric if name == PRIMARY else name
        try:
            greater = metric != SECONDS and objective.is_greater_better(metric)
        except KeyError as error:
            raise unknown(metric, [objective.metric, SECONDS]) from error
        if stated not in (None, greater):
            raise _wrong_way(metric, greater)
        if metric in found:  # by its own name, and as the primary one
            raise _twice(metric, list(metrics))
        found[metric] = Goal(metric, greater)
    return tuple(found.values())


def fit(sampler: Any, goals: Sequence[Goal]) -> None:
    """Look whether a sampler can search by so many metrics.

    Raises
    ------
    MlopsError
        It cannot.
    """
    name = getattr(getattr(sampler, "func", sampler), "__name__", "")
    if len(goals) > 1 and name in ONE_METRIC:
        raise fail(
            "several-metrics",
            f"{name} searches by one metric.",
            where="tuner.metrics",
            found=", ".join(goal.metric for goal in goals),
            accepted="one metric, or an option that takes several: nsga2, optuna, optuna_gp",
            closest="tuner=nsga2",
            next_step=f"write tuner=nsga2, or tuner.metrics=[{goals[0].metric}]",
        )


def unknown(metric: str, names: Sequence[str]) -> MlopsError:
    """The error for a metric that does not exist."""
    nearest = closest(metric, names)
    return fail(
        "unknown-metric",
        f"There is no metric {metric} to search by.",
        where="tuner.metrics",
        found=metric,
        accepted=", ".join([PRIMARY, *names]),
        closest=nearest,
        next_step=f"write {nearest or PRIMARY} in tuner.metrics",
    )


def _unreadable(entry: str) -> MlopsError:
    return fail(
        "bad-metric",
        "An entry of tuner.metrics cannot be read.",
        where="tuner.metrics",
        found=entry,
        accepted="a metric, or a metric and its direction: recall, recall maximize",
        closest=closest(entry.split()[-1].strip("{}'\""), WAYS),
        next_step="write the metric alone: its direction is known",
    )


def _twice(name: str, metrics: list[str], is_one_way: bool = True) -> MlopsError:
    return fail(
        "repeated-metric" if is_one_way else "two-directions",
        f"{name} is named twice: a search has each metric once."
        if is_one_way
        else f"{name} cannot be searched in two directions.",
        where="tuner.metrics",
        found=", ".join(map(str, metrics)),
        accepted="each metric once",
        next_step=f"write {name} once, without a direction",
    )


def _wrong_way(metric: str, greater: bool) -> MlopsError:
    way = "maximize" if greater else "minimize"
    return fail(
        "wrong-direction",
        f"{metric} is better when it is {'greater' if greater else 'smaller'}.",
        where="tuner.metrics",
        found=f"{metric} {'minimize' if greater else 'maximize'}",
        accepted=f"{metric}, or {metric} {way}",
        next_step=f"write {metric}",
    )
