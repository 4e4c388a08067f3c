"""Trials joined into one model: what joins them is learned from rows that none was fitted on.

Each fold is answered by members fitted on its other side. What joins them there, the stack and the
threshold, is learned from that side alone: from answers of members that had neither this fold nor
the one they answer for. The test part is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from time import monotonic
from typing import Any

from mlops.config.job import Job
from mlops.core.crew import Crew, Ended, Failed
from mlops.core.report import Predictions
from mlops.core.tuning import Ensemble, Trial
from mlops.flow.bench import Ask
from mlops.flow.fitting import Fitter, fit_model
from mlops.flow.front import Fold, Front

MEAN, STACK = "mean", "stack"
FEWEST_FOLDS = 3

Found = dict[tuple[int, Fold], Any]  # member and fold to numbers or probabilities


@dataclass(frozen=True)
class Blend:
    """Joins trials; see :attr:`mlops.core.tuning.Objective.blend`.

    Parameters
    ----------
    fitter : Fitter
    evaluator : object
        For the task of the data.
    """

    fitter: Fitter
    evaluator: Any

    def __call__(
        self,
        crew: Crew,
        trials: Sequence[Trial],
        ways: Sequence[str],
        metric: str,
        *,
        budget_s: float | None = None,
        limit_s: float | None = None,
    ) -> tuple[Ensemble, ...]:
        """The best ensemble of each way, by `metric`; none where fewer than two can be joined.

        Members whose answers are not there when the budget is spent are left out, and so are those
        of which a fit fails or takes longer than its limit.
        """
        folds = range(len(self.fitter.prepared.split.folds))
        has_pairs = self._parts_are_whole() and (STACK in ways or self._has_costs)
        pairs = list(combinations(folds, 2)) if has_pairs else []
        answers, seconds = self._answers(crew, trials, [*folds, *pairs], budget_s, limit_s)
        # A member that failed on the way is left out of all of it.
        kept = [at for at in range(len(trials)) if all((at, each) in answers for each in folds)
                and all((at, each) in answers for each in pairs)]  # fmt: skip
        found = []
        for way in ways:
            sizes = range(2, len(kept) + 1) if way == MEAN else [len(kept)] * has_pairs
            tried = [self._joined(way, kept[:size], answers, bool(pairs))
                     for size in sizes if size > 1]  # fmt: skip
            if tried:
                best = self._best(tried, metric)
                members = tuple(trials[at] for at in best.members)
                found.append(Ensemble(how=way, members=members, scores=best.scores,
                                      stack=best.stack, threshold=best.threshold,
                                      seconds=seconds))  # fmt: skip
        return tuple(found)

    def _answers(
        self,
        crew: Crew,
        trials: Sequence[Trial],
        folds: Sequence[Fold],
        budget_s: float | None,
        limit_s: float | None,
    ) -> tuple[Found, float]:
        """What each trial answers for each fold, as far as it could; how long that took."""
        end = None if budget_s is None else monotonic() + budget_s
        waiting = [(at, fold) for at in range(len(trials)) for fold in folds]
        for at, fold in waiting:
            crew.start((at, fold), Ask(trials[at].params, fold), limit_s=limit_s)
        found: Found = {}
        total, seconds = len(waiting), 0.0
        while waiting:
            if end is not None and monotonic() >= end:
                end = None
                for key in waiting:
                    crew.cancel(key, "the time is over")
            event = crew.next(None if end is None else end - monotonic())
            if isinstance(event, (Ended, Failed)):
                waiting.remove(event.key)
                seconds += event.seconds
                if isinstance(event, Ended) and self._usable(event.value) is not None:
                    found[event.key] = self._usable(event.value)
                done = total - len(waiting)
                self.fitter.steps.screen.progress(done, total, "fits for an ensemble")
        return found, round(seconds, 4)

    def _usable(self, answer: Predictions) -> Any:
        return answer.probabilities if self._classes else answer.values

    def _joined(self, way: str, members: Sequence[int], found: Found, has_pairs: bool) -> _Joined:
        """These members, joined and scored on each fold."""
        folds = range(len(self.fitter.prepared.split.folds))
        scores = []
        for fold in folds:
            others = [each for each in folds if each != fold] if has_pairs else []
            inner = [self._inner(found, members, fold, each) for each in others]
            learned = self._learned(way, inner, others)
            here = [found[at, fold] for at in members]
            answers = self._said(here, *learned)
            y, task = self.fitter.held_y(fold), self.fitter.prepared.dataset.task
            scores.append(self.evaluator.scores(y, answers, task))
        whole = [[found[at, fold] for at in members] for fold in folds]
        return _Joined(tuple(members), tuple(scores), *self._learned(way, whole, folds))

    def _inner(self, found: Found, members: Sequence[int], fold: int, other: int) -> list[Any]:
        """Answers for the rows of `other` by members that were fitted on neither of the two."""
        pair = (min(fold, other), max(fold, other))
        first = len(self.fitter.held_y(pair[0]))
        part = slice(None, first) if other == pair[0] else slice(first, None)
        return [found[at, pair][part] for at in members]

    def _learned(
        self, way: str, answers: Sequence[Sequence[Any]], folds: Iterable[int]
    ) -> tuple[Any, float | None]:
        """Stack and threshold from answers, by fold and member, for the rows of these folds."""
        if not answers or not (way == STACK or self._has_costs):
            return None, None
        import numpy as np

        from mlops.model.ensemble import blended, cheapest, side_by_side, stacker

        together = [np.concatenate(each) for each in zip(*answers, strict=True)]
        y = np.concatenate([np.asarray(self.fitter.held_y(fold)) for fold in folds])
        stack = None
        if way == STACK:
            stack = stacker(is_class=bool(self._classes)).fit(side_by_side(together), y)
        if not self._has_costs:
            return stack, None
        chances = blended(together, stack, self._classes)
        return stack, cheapest(chances, y, self._classes, self.fitter.prepared.dataset.task.costs)

    def _said(self, answers: Sequence[Any], stack: Any, threshold: float | None) -> Predictions:
        import numpy as np

        from mlops.model.ensemble import blended, said

        if not self._classes:
            return Predictions(blended(answers, stack))
        chances = blended(answers, stack, self._classes)
        return Predictions(np.asarray(self._classes)[said(chances, threshold)], chances)

    def _best(self, tried: Sequence[_Joined], metric: str) -> _Joined:
        sign = 1 if self.evaluator.greater_is_better(metric) else -1
        return max(tried, key=lambda each: sign * sum(fold[metric] for fold in each.scores))

    def _parts_are_whole(self) -> bool:
        """Whether each row of the training part is held out once, and else is fitted on."""
        import numpy as np

        folds = self.fitter.prepared.split.folds
        count = len(self.fitter.prepared.split.train)
        held = np.sort(np.concatenate([held for _, held in folds]))
        is_parted = len(held) == count and bool((held == np.arange(count)).all())
        whole = all(len(fit) + len(held) == count for fit, held in folds)
        return len(folds) >= FEWEST_FOLDS and is_parted and whole

    @property
    def _classes(self) -> tuple[Any, ...]:
        return self.fitter.prepared.dataset.task.classes

    @property
    def _has_costs(self) -> bool:
        task = self.fitter.prepared.dataset.task
        return bool(task.costs) and len(task.classes) == 2


@dataclass(frozen=True)
class _Joined:
    members: tuple[int, ...]
    scores: tuple[dict[str, float], ...]
    stack: Any
    threshold: float | None


def fit_ensemble(job: Job, fitter: Fitter, ensemble: Ensemble) -> tuple[Front, Any]:
    """Fit every member on the whole training part.

    Returns
    -------
    Front
        The columns alone; what cleaning did is told of the best member.
    estimator
        Fitted behind it: one model that holds the members' cleaners, features and models.
    """
    import numpy as np
    from sklearn.pipeline import Pipeline

    from mlops.model.ensemble import EnsembleClassifier, EnsembleRegressor

    task, members, fronts = fitter.prepared.dataset.task, [], []
    for trial in ensemble.members:
        member = job.with_values(trial.params)
        fronts.append(fitter.front(member, is_told=False))
        columns, *steps = fronts[-1].steps()
        model = fit_model(member, task, fronts[-1])
        members.append(Pipeline([*steps, ("model", model)]))
    if task.classes:
        learned = {"classes_": np.asarray(task.classes), "threshold_": ensemble.threshold}
        joined = EnsembleClassifier.joined(members, ensemble.stack, **learned)
    else:
        joined = EnsembleRegressor.joined(members, ensemble.stack)
    train, test = fitter.sides(None)
    through = columns[1].transform
    front = Front(lambda: [columns], through(train.X), train.y, through(test.X), fronts[0].told)
    return front, joined
