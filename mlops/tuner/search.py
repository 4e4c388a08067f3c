"""How trials are asked, scored and told: as they come, or in generations that repeat exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

from mlops.core.tuning import Trial
from mlops.tuner.scoring import Going, Scoring
from mlops.tuner.study import Study

GENERATION = 8
BEAT_S = 5.0
LOOK_S = 1.0


@dataclass(frozen=True)
class Search:
    """One driver's part in a study.

    Parameters
    ----------
    study : Study
    scoring : Scoring
    timeout_s : float or None
        No trial starts later.
    trial_timeout_s : float or None
        For the folds of one trial together.
    is_pruned : bool
        Whether the study prunes at all.
    """

    study: Study
    scoring: Scoring
    timeout_s: float | None
    trial_timeout_s: float | None
    is_pruned: bool

    def as_they_come(self) -> Iterator[Trial]:
        """Ask whenever a worker is free, knowing what has ended by then.

        Who hears of a trial that has ended takes his time: a worker has the next one before.
        """
        from optuna.exceptions import UpdateFinishedTrialError

        is_on = self._clock()
        told: list[Trial] = []
        while True:
            try:
                while self.scoring.crew.free and is_on() and (going := self._ask()):
                    if going.is_noted:
                        told.append(self.study.tell(going))
                    else:
                        self.scoring.start(going)
            finally:
                yield from told
            told.clear()
            ended = self.scoring.next(BEAT_S if self.study.is_shared else None)
            self.study.beat()
            if ended is not None:
                try:
                    if self._goes_on(ended):
                        self.scoring.start(ended)
                    else:
                        told.append(self.study.tell(ended))
                except UpdateFinishedTrialError:  # we were silent too long, asleep perhaps
                    self.study.drop(ended)
            elif not self.scoring.going:
                if not (is_on() and self.study.waits_for_others()):
                    return
                time.sleep(LOOK_S)

    def in_generations(self) -> Iterator[Trial]:
        """Ask a fixed number at a time; decide and tell in the order of their numbers.

        Nothing then depends on which trial ended first, at the price of workers that wait at the
        end of every fold for the slowest of the generation.
        """
        is_on = self._clock()
        while is_on() and (generation := self._generation()):
            active = [going for going in generation if not going.is_noted]
            while active:
                for going in active:
                    self.scoring.start(going)
                while self.scoring.going:
                    if (ended := self.scoring.next()) and self._is_through(ended):
                        self.study.note(ended)  # it may be long until it is told
                active = [going for going in active if self._goes_on(going)]
            for going in generation:
                yield self.study.tell(going)

    def _generation(self) -> list[Going]:
        """Trials up to the next multiple of the size: fewer, where an earlier driver was killed."""
        end = (self.study.next_number() // GENERATION + 1) * GENERATION
        found: list[Going] = []
        while self.study.next_number() < end and (going := self._ask()):
            found.append(going)
        return found

    def _ask(self) -> Going | None:
        going = self.study.ask()
        if going is not None:
            going.limit_s = self.trial_timeout_s
        return going

    def _goes_on(self, going: Going) -> bool:
        if self._is_through(going):
            return False
        if self.is_pruned and self.study.is_to_be_pruned(going):
            going.pruned = f"pruned after fold {len(going.scores)} of {self.scoring.folds}"
            self.study.note(going)
        return not going.pruned

    def _is_through(self, going: Going) -> bool:
        return bool(going.failed) or self.scoring.is_scored(going)

    def _clock(self) -> Callable[[], bool]:
        end = None if self.timeout_s is None else monotonic() + self.timeout_s
        return lambda: end is None or monotonic() < end
