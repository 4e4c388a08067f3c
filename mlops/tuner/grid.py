"""Every combination of the search space, as scikit-learn's GridSearchCV tries them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from mlops.core.errors import fail, listed
from mlops.core.tuning import Objective, Trial, Tuned
from mlops.tuner.progress import Progress
from mlops.tuner.scoring import in_turn
from mlops.tuner.space import Dimension, dimensions


class Grid:
    """Score every combination; the best mean over the folds wins, the first of equals.

    A combination that raises is a failed trial with its reason and cannot win, nor can one whose
    mean is NaN as long as another has a number.

    Parameters
    ----------
    space : dict of str to str
        Full configuration key to sweep text; adds to the space of the chosen options and wins over
        it; null takes a key out. Nested mappings are read as dotted keys.
    points : int
        How many values stand for an interval, both ends among them; at least 2.
    max_candidates : int
        A larger grid is refused.
    trials : int or None
        Try only so many of the combinations, spread evenly over them; None tries all.
    trial_timeout_s : float or None
        Seconds that one candidate may take before it is ended as failed; None for no limit.

    Examples
    --------
    >>> objective = Objective(score=lambda params: ({"loss": abs(params["model.a"] - 3)},),
    ...     metric="loss", greater_is_better=False, seed=0)
    >>> grid = Grid(space={}, points=5, max_candidates=10)
    >>> grid.tune(objective, {"model.a": "range(1, 5)"}).best.params
    {'model.a': 3}
    """

    def __init__(
        self,
        *,
        space: dict[str, Any],
        points: int,
        max_candidates: int,
        trials: int | None = None,
        trial_timeout_s: float | None = None,
    ) -> None:
        self.space = space
        self.points = points
        self.max_candidates = max_candidates
        self.trials = trials
        self.trial_timeout_s = trial_timeout_s

    def check(self, space: dict[str, str]) -> None:
        """Read the space and count the candidates, without trying one.

        Raises
        ------
        MlopsError
            An entry cannot be read, nothing is left to search, or the grid is too large.
        """
        self._axes(space)

    def tune(self, objective: Objective, space: dict[str, str]) -> Tuned:
        """Try every combination, the last key changing fastest.

        Parameters
        ----------
        objective : Objective
        space : dict of str to str
            What the chosen options say of themselves.

        Raises
        ------
        MlopsError
            As :meth:`check`; or every candidate failed.
        """
        candidates = list(enumerate(self._candidates(self._axes(space))))
        trials = tuple(sorted(self._scored(objective, candidates), key=lambda each: each.number))
        complete = [trial for trial in trials if trial.state == "complete"]
        if not complete:
            raise _all_failed(trials)
        return Tuned(best=max(complete, key=_rank(objective)), trials=trials)

    def merged(self, space: dict[str, str]) -> dict[str, str]:
        """The space to search: `space`, with what ``tuner.space`` adds, replaces and takes out."""
        own = dict(_dotted(self.space))
        return {key: text for key, text in {**space, **own}.items() if text is not None}

    def _scored(
        self, objective: Objective, candidates: list[tuple[int, dict[str, Any]]]
    ) -> Iterator[Trial]:
        """Each candidate as it ends."""
        progress = Progress(objective, len(candidates))
        for trial in in_turn(objective, iter(candidates), self.trial_timeout_s):
            objective.told(trial)
            progress.told(trial)
            yield trial

    def _axes(self, space: dict[str, str]) -> tuple[Dimension, ...]:
        read = dimensions(self.merged(space))
        if not read:
            raise fail(
                "empty-space",
                "There is nothing to search.",
                where="tuner.space",
                found="no key, and the chosen options name none of their own",
                accepted="at least one key with a sweep text",
                next_step="write tuner.space.model.KEY='choice(1, 10)', or choose tuner=fixed",
            )
        count = math.prod(len(each.grid(self.points)) for each in read)
        if count > self.max_candidates:
            raise fail(
                "grid-too-large",
                f"The grid has {count} candidates.",
                where="tuner.space",
                found=" × ".join(f"{len(each.grid(self.points))} {each.key}" for each in read),
                accepted=f"at most {self.max_candidates} (tuner.max_candidates)",
                next_step="take keys out (tuner.space.KEY=null), lower tuner.points, or raise the "
                "limit",
            )
        return read

    def _candidates(self, axes: tuple[Dimension, ...]) -> Iterator[dict[str, Any]]:
        keys = [axis.key for axis in axes]
        every = list(itertools.product(*(axis.grid(self.points) for axis in axes)))
        wanted = min(self.trials or len(every), len(every))
        for number in range(wanted):
            values = every[number * (len(every) - 1) // max(wanted - 1, 1)]
            yield dict(zip(keys, values, strict=True))


def _dotted(space: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in space.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _rank(objective: Objective) -> Any:
    """Sort key: larger is better, NaN is worst; ``max`` keeps the first of equals."""
    sign = 1 if objective.greater_is_better else -1

    def rank(trial: Trial) -> float:
        mean = sign * trial.mean(objective.metric)
        return -math.inf if math.isnan(mean) else mean

    return rank


def _all_failed(trials: tuple[Trial, ...]) -> Exception:
    reasons = dict.fromkeys(trial.says for trial in trials)
    return fail(
        "all-trials-failed",
        f"All {len(trials)} candidates of the grid failed.",
        where="tuner=grid",
        found=listed(reasons, most=3),
        accepted="at least one candidate that can be fitted and scored",
        next_step="run once with tuner=fixed to see the error, then correct the space",
    )
