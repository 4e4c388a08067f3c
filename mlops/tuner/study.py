"""A study that survives: every trial in it is asked once, told once, and found again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mlops.core.tuning import COMPLETE, FAILED, PRUNED, Trial
from mlops.tuner.condition import Axis
from mlops.tuner.goals import Goal
from mlops.tuner.scoring import Going
from mlops.tuner.suggest import by_name, read_back, stored, suggested

RESULT, LOST = "result", "lost"


class Study:
    """An open study.

    Parameters
    ----------
    study : optuna.Study
    axes : sequence of Axis
    goals : sequence of Goal
    total : int
        How many trials there are to be, those of all drivers and of earlier runs together.
    sampler : callable
        Takes a seed, gives Optuna's sampler.
    seed : int
    key : str
        Distinguishes this study from all others.
    where : str
        For people: where it is kept.
    is_shared : bool
        Other drivers may be at work on it.
    keeps_decisions : bool
        Write down whether each fold's score let its trial go on, so that it is decided once.
    starts : sequence of dict of str to object
        What the first trials are to have, by configuration key, as far as it is searched.
    """

    def __init__(
        self,
        study: Any,
        axes: Sequence[Axis],
        goals: Sequence[Goal],
        *,
        total: int,
        sampler: Callable[..., Any],
        seed: int,
        key: str,
        where: str,
        is_shared: bool,
        keeps_decisions: bool,
        starts: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.study, self.axes, self.goals = study, axes, goals
        self.total, self.key, self.where, self.is_shared = total, key, where, is_shared
        self._sampler, self._seed = sampler, seed
        self._keeps_decisions, self._starts = keeps_decisions, starts
        # Two drivers may be about to ask for one number: what they draw must not be the same.
        self._driver = os.urandom(8).hex() if is_shared else ""
        self._asked: dict[int, Any] = {}
        self._known: dict[str, Any] = {}
        self._seen: set[int] = set()

    def ask(self) -> Going | None:
        """The next trial to score; None if the total is reached.

        A trial that an earlier driver left behind comes first, under its own number.
        """
        from optuna.trial import TrialState

        every = self.study.get_trials(deepcopy=False)
        waiting = [each.number for each in every if each.state == TrialState.WAITING]
        if not waiting and self._counted(every) >= self.total:
            return None
        number = min(waiting, default=len(every))
        if not waiting and number < len(self._starts):
            self.study.enqueue_trial(stored(self._starts[number], self.axes))
        self.study.sampler = self._sampler_for(number)
        trial = self.study.ask()
        self._asked[trial.number] = trial  # known at once, for who is stopped while it is drawn
        params = suggested(trial, self.axes)
        if self.is_shared and self._is_surplus(trial.number):
            self._give_up(trial, "another driver reached the total first")
            del self._asked[trial.number]
            return None
        if self.is_shared:
            self.study._storage.record_heartbeat(trial._trial_id)
        noted = _result(trial) if waiting else None
        return _ended(trial.number, params, noted) if noted else Going(trial.number, params)

    def _sampler_for(self, number: int) -> Any:
        """A sampler of its own for each trial, that is for its seed.

        What all trials so far have in common it takes over from the one before, which has looked
        at most of them already.
        """
        from optuna.search_space import IntersectionSearchSpace

        sampler = self._sampler(seed=seed_of(self._seed, number, self._driver))
        for name, value in vars(sampler).items():
            if isinstance(value, IntersectionSearchSpace):
                setattr(sampler, name, self._known.setdefault(name, value))
        return sampler

    @property
    def is_through(self) -> bool:
        """Whether no trial is left to ask for."""
        every = self.study.get_trials(deepcopy=False)
        is_waiting = any(each.state.name == "WAITING" for each in every)
        return not is_waiting and self._counted(every) >= self.total

    def next_number(self) -> int:
        """The number of the trial that :meth:`ask` would give."""
        from optuna.trial import TrialState

        every = self.study.get_trials(deepcopy=False)
        waiting = [each.number for each in every if each.state == TrialState.WAITING]
        return int(min(waiting, default=len(every)))

    def is_to_be_pruned(self, going: Going) -> bool:
        """Whether a trial is not worth its next fold; asked once a fold."""
        trial, step = self._asked[going.number], len(going.scores)
        decided = trial.user_attrs.get(f"fold {step}") if self._keeps_decisions else None
        if len(self.goals) > 1 or decided is not None:
            return decided == PRUNED
        trial.report(going.running_mean(self.goals[0].metric), step)
        is_pruned = bool(trial.should_prune())
        if self._keeps_decisions:
            trial.set_user_attr(f"fold {step}", PRUNED if is_pruned else "goes on")
        return is_pruned

    def note(self, going: Going) -> None:
        """Write down how a trial ended; until it is told, a kill does not cost that."""
        found = going.trial()
        scores = [{name: float(value) for name, value in fold.items()} for fold in found.scores]
        result = {"scores": scores, "seconds": found.seconds, "state": found.state}
        self._asked[going.number].set_user_attr(RESULT, {**result, "says": found.says})
        going.is_noted = True

    def tell(self, going: Going) -> Trial:
        """Let the sampler know what became of a trial."""
        from optuna.trial import TrialState

        if not going.is_noted:
            self.note(going)
        found, asked = going.trial(), self._asked.pop(going.number)
        if found.state == COMPLETE:
            values = [found.mean(goal.metric) for goal in self.goals]
            self.study.tell(asked.number, values if len(values) > 1 else values[0])
        else:
            state = TrialState.PRUNED if found.state == PRUNED else TrialState.FAIL
            self.study.tell(asked.number, state=state)
        return self._named(found)

    def drop(self, going: Going) -> None:
        """Think no more of a trial that others took for lost: its parameters are queued again."""
        self._asked.pop(going.number, None)

    def release(self) -> None:
        """Leave what was not finished to whoever goes on with this study."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        if self.is_shared:
            for trial in self._asked.values():
                with suppress(UpdateFinishedTrialError):  # others have taken it for lost
                    self._give_up(trial, "its driver was stopped")
                    self.study.enqueue_trial(trial.params)
        else:  # all are ours, one among them that was being asked for when we were stopped
            for each in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                self.study._storage.set_trial_state_values(each._trial_id, TrialState.WAITING)
        self._asked.clear()

    def beat(self) -> None:
        """Say that our trials are alive; take over those of drivers that are not."""
        if not self.is_shared:
            return
        from optuna.storages import fail_stale_trials

        for trial in self._asked.values():
            self.study._storage.record_heartbeat(trial._trial_id)
        fail_stale_trials(self.study)

    def waits_for_others(self) -> bool:
        """Whether other drivers are at trials that could yet be left to us.

        One whose driver died before it first said that it is alive would never count as left:
        that is said for it, once.
        """
        from optuna.trial import TrialState

        if not self.is_shared:
            return False
        open_ones = (TrialState.RUNNING, TrialState.WAITING)
        others = self.study.get_trials(deepcopy=False, states=open_ones)
        for each in others:
            if each.state == TrialState.RUNNING and each.number not in self._seen:
                self._seen.add(each.number)
                self.study._storage.record_heartbeat(each._trial_id)
        return bool(others)

    def importance(self) -> dict[str, float]:
        """Share of each key in what the scores differ by; empty where too little is known."""
        from optuna.importance import get_param_importances

        if len(self.axes) < 2 or len(self.goals) > 1:
            return {}
        try:
            found = get_param_importances(self.study)
        except (ValueError, RuntimeError, ZeroDivisionError):  # e.g. no key that all trials have
            return {}
        return {key: float(value) for key, value in found.items()}

    def named(self, trials: Sequence[Trial]) -> tuple[Trial, ...]:
        """The same trials with the names of the axes for keys: no two options share one."""
        return tuple(replace(each, params=by_name(each.params, self.axes)) for each in trials)

    def trials(self) -> tuple[Trial, ...]:
        """Every trial that has ended, those of earlier runs and other drivers too."""
        from optuna.trial import TrialState

        states = {
            TrialState.COMPLETE: COMPLETE,
            TrialState.PRUNED: PRUNED,
            TrialState.FAIL: FAILED,
        }
        return tuple(
            self._read(each, states[each.state])
            for each in self.study.get_trials(deepcopy=False)
            if each.state in states and not _is_lost(each)
        )

    def _read(self, stored: Any, state: str) -> Trial:
        result = _result(stored)
        return self._named(
            Trial(
                number=stored.number,
                params=read_back(stored.params, self.axes),
                scores=tuple(result.get("scores", ())),
                state=state,
                says=result.get("says", ""),
                seconds=result.get("seconds", 0.0),
            )
        )

    def _named(self, trial: Trial) -> Trial:
        return replace(trial, key=f"{self.key}-{trial.number}")

    def _counted(self, every: Sequence[Any]) -> int:
        return sum(not _is_lost(each) for each in every)

    def _is_surplus(self, number: int) -> bool:
        before = self.study.get_trials(deepcopy=False)[:number]
        return self._counted(before) >= self.total

    def _give_up(self, trial: Any, says: str) -> None:
        from optuna.trial import TrialState

        trial.set_user_attr(LOST, says)
        self.study.tell(trial.number, state=TrialState.FAIL)


def _ended(number: int, params: dict[str, Any], noted: Mapping[str, Any]) -> Going:
    """A trial that had ended, and was not told, when its driver was killed."""
    says = {noted["state"]: noted["says"]}
    scores, failed, pruned = [*noted["scores"]], says.get(FAILED, ""), says.get(PRUNED, "")
    how = {"seconds": noted["seconds"], "failed": failed, "pruned": pruned, "is_noted": True}
    return Going(number, params, scores=scores, **how)


def _result(stored: Any) -> dict[str, Any]:
    """What was noted of a trial's end; empty where nothing was."""
    noted = stored.user_attrs.get(RESULT, {})
    return dict(noted() if callable(noted) else noted)  # one in a file is read from there


def _is_lost(stored: Any) -> bool:
    """Whether a trial's driver died or gave it up: it says nothing about its parameters."""
    return stored.state.name == "FAIL" and (
        LOST in stored.user_attrs or RESULT not in stored.user_attrs
    )


def seed_of(seed: int, number: int, driver: str = "") -> int:
    """A seed for what trial `number` draws, the same in every process of a `driver`.

    >>> seed_of(0, 1) == seed_of(0, 1), seed_of(0, 1) == seed_of(1, 0)
    (True, False)
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {number} {driver}".encode()).digest()[:4], "big")
