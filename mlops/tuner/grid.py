"""Every combination of the search space, as scikit-learn's GridSearchCV tries them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlops.core.errors import fail
from mlops.core.tuning import Objective, Trial, Tuned
from mlops.tuner.best import best
from mlops.tuner.condition import Axis, axes, ends
from mlops.tuner.goals import Goal
from mlops.tuner.leaderboard import leaderboard
from mlops.tuner.plots import pictures
from mlops.tuner.progress import Progress
from mlops.tuner.scoring import in_turn
from mlops.tuner.space import merged
from mlops.tuner.suggest import by_name


class Grid:
    """Score every combination; the best mean over the folds wins, the first of equals.

    A combination that raises is a failed trial with its reason and cannot win, nor can one whose
    mean is NaN as long as another has a number.

    Parameters
    ----------
    options : dict of str to str
        Room to the options to choose among, for who makes the space of them.
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
    >>> grid = Grid(options={}, space={}, points=5, max_candidates=10)
    >>> grid.tune(objective, {"model.a": "range(1, 5)"}).best.params
    {'model.a': 3}
    """

    def __init__(
        self,
        *,
        options: dict[str, Any],
        space: dict[str, Any],
        points: int,
        max_candidates: int,
        trials: int | None = None,
        trial_timeout_s: float | None = None,
    ) -> None:
        self.options = options
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
        read = self._axes(space)
        candidates = list(enumerate(self._candidates(read)))
        whole = _count(read, self._grids(read), {})
        if len(candidates) < whole:
            objective.screen.line(f"{len(candidates)} of {whole} combinations, spread evenly")
        goal = Goal(objective.metric, objective.greater_is_better)
        scored = self._scored(objective, goal, candidates)
        trials = tuple(sorted(scored, key=lambda each: each.number))
        chosen = best(goal, trials)
        named = tuple(replace(each, params=by_name(each.params, read)) for each in trials)
        return Tuned(
            best=chosen,
            trials=trials,
            plots=pictures(named, [goal]),
            leaderboard=leaderboard(trials, goal),
        )

    def merged(self, space: dict[str, str]) -> dict[str, str]:
        """The space to search: `space`, with what ``tuner.space`` adds, replaces and takes out."""
        return merged(space, self.space)

    def ends(self, space: dict[str, str]) -> dict[str, tuple[Any, ...]]:
        """What may be drawn for each key, at the ends; see :func:`mlops.tuner.condition.ends`."""
        return ends(self.merged(space))

    def _scored(
        self, objective: Objective, goal: Goal, candidates: list[tuple[int, dict[str, Any]]]
    ) -> Iterator[Trial]:
        """Each candidate as it ends."""
        progress = Progress(objective.screen, goal, len(candidates))
        for trial in in_turn(objective, iter(candidates), self.trial_timeout_s):
            objective.told(trial)
            progress.told(trial)
            yield trial

    def _axes(self, space: dict[str, str]) -> tuple[Axis, ...]:
        read = axes(self.merged(space))
        grids = self._grids(read)
        count = _count(read, grids, {})
        if count > self.max_candidates:
            raise fail(
                "grid-too-large",
                f"The grid has {count} candidates.",
                where="tuner.space",
                found=" × ".join(f"{len(values)} {key}" for key, values in grids.items()),
                accepted=f"at most {self.max_candidates} (tuner.max_candidates)",
                next_step="take keys out (tuner.space.KEY=null), lower tuner.points, or raise the "
                "limit",
            )
        return read

    def _grids(self, read: tuple[Axis, ...]) -> dict[str, tuple[Any, ...]]:
        return {each.name: each.dimension.grid(self.points) for each in read}

    def _candidates(self, read: tuple[Axis, ...]) -> Iterator[dict[str, Any]]:
        every = list(_points(read, self._grids(read), {}))
        wanted = min(self.trials or len(every), len(every))
        for number in range(wanted):
            yield every[number * (len(every) - 1) // max(wanted - 1, 1)]


Grids = Mapping[str, tuple[Any, ...]]


def _count(left: Sequence[Axis], grids: Grids, named: Mapping[str, Any]) -> int:
    """How many points :func:`_points` gives, without making those that differ in nothing else."""
    if not left:
        return 1
    axis, rest = left[0], left[1:]
    if not axis.is_active(named):
        return _count(rest, grids, named)
    values = grids[axis.name]
    if not any(axis.name == parent for each in rest for parent, _ in each.conditions):
        return len(values) * _count(rest, grids, named)
    return sum(_count(rest, grids, {**named, axis.name: value}) for value in values)


def _points(left: Sequence[Axis], grids: Grids, named: Mapping[str, Any]) -> Iterator[Any]:
    """Every point of the grid, without the keys that do not count together with the others."""
    if not left:
        yield {}
        return
    axis, rest = left[0], left[1:]
    if not axis.is_active(named):
        yield from _points(rest, grids, named)
        return
    for value in grids[axis.name]:
        for point in _points(rest, grids, {**named, axis.name: value}):
            yield {axis.key: value, **point}
