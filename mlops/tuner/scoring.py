"""Trials on their way through the folds: started, timed, and ended with a reason."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from mlops.core.crew import CANCELLED, RAISED, TIME_LIMIT, Crew, Ended, Event, Failed, events
from mlops.core.tuning import COMPLETE, FAILED, PRUNED, Objective, Trial


@dataclass
class Going:
    """A trial that is being scored.

    Parameters
    ----------
    number : int
    params : dict
    limit_s : float or None
        Seconds that all folds together may take.
    is_noted : bool
        Its end is written down.
    """

    number: int
    params: dict[str, Any]
    limit_s: float | None = None
    scores: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    failed: str = ""
    pruned: str = ""
    is_noted: bool = False

    def running_mean(self, metric: str) -> float:
        """Mean of `metric` over the folds so far."""
        return Trial(number=0, params={}, scores=tuple(self.scores), seconds=self.seconds).mean(
            metric
        )

    def trial(self) -> Trial:
        """What became of it."""
        state = FAILED if self.failed else PRUNED if self.pruned else COMPLETE
        return Trial(
            number=self.number,
            params=self.params,
            scores=tuple(self.scores),
            state=state,
            says=self.failed or self.pruned,
            seconds=round(self.seconds, 4),
        )


class Scoring:
    """Starts folds with a crew and takes note of what becomes of them.

    Parameters
    ----------
    objective : Objective
    crew : Crew
    metrics : tuple of str
        Have to be numbers; a trial for which one is NaN or infinite has failed.
    shares_folds : bool
        What precedes the model is the same for all trials: it is made first, each fold once.
    limit_s : float or None
        Seconds that making it may take for one fold.
    """

    def __init__(
        self,
        objective: Objective,
        crew: Crew,
        metrics: tuple[str, ...] = (),
        *,
        shares_folds: bool = False,
        limit_s: float | None = None,
    ) -> None:
        self.crew = crew
        self.metrics = metrics or (objective.metric,)
        self.folds = max(1, objective.folds)
        self.going: dict[int, Going] = {}
        if shares_folds and objective.folds and crew.size > 1:
            for fold in range(self.folds):
                crew.start(("ready", fold), (None, fold), limit_s=limit_s)
            for _ in events(crew):
                pass  # one that failed: the trials will tell

    def start(self, going: Going) -> None:
        """Have the next fold of a trial scored."""
        self.going[going.number] = going
        left = None if going.limit_s is None else max(0.01, going.limit_s - going.seconds)
        fold = len(going.scores)
        self.crew.start((going.number, fold), (going.params, fold), limit_s=left)

    def next(self, timeout_s: float | None = None) -> Going | None:
        """A trial of which a fold has ended, with its score or its reason; None after a while."""
        until = None if timeout_s is None else monotonic() + timeout_s
        while True:
            left = None if until is None else max(0.0, until - monotonic())
            event = self.crew.next(left)
            if event is None:
                return None
            if isinstance(event, (Ended, Failed)):
                return self._noted(event)

    def _noted(self, event: Event) -> Going:
        going = self.going.pop(event.key[0])
        if isinstance(event, Failed):
            going.seconds += event.seconds
            going.failed = _says(event, going.limit_s)
        elif isinstance(event, Ended):
            going.seconds += event.seconds
            found = event.value if isinstance(event.value, tuple) else (event.value,)
            going.scores += found
            going.failed = self._unusable(going)
        return going

    def _unusable(self, going: Going) -> str:
        for metric in self.metrics:
            value = going.running_mean(metric)
            if not math.isfinite(value):
                return f"{metric} is {value}"
        return ""

    def is_scored(self, going: Going) -> bool:
        """Whether all folds of a trial are."""
        return len(going.scores) >= self.folds


def _says(event: Failed, limit_s: float | None) -> str:
    if event.reason == TIME_LIMIT and limit_s is not None:
        return f"time limit: longer than {limit_s:g} s"
    return event.says if event.reason in (RAISED, CANCELLED) else f"{event.reason}: {event.says}"


def in_turn(
    objective: Objective,
    candidates: Iterator[tuple[int, dict[str, Any]]],
    limit_s: float | None = None,
) -> Iterator[Trial]:
    """Score candidates that depend on nothing, as many at once as the crew can; as they end."""
    with objective.workers() as crew:
        scoring = Scoring(objective, crew)
        is_more = True
        while True:
            while is_more and crew.free:
                number, params = next(candidates, (-1, {}))
                is_more = number >= 0
                if is_more:
                    scoring.start(Going(number, params, limit_s))
            going = scoring.next()
            if going is None:
                return
            if going.failed or scoring.is_scored(going):
                yield going.trial()
            else:
                scoring.start(going)
