"""Against the model in use: whether the new one is worse by more than a margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlops.core.dataset import Dataset, Task
from mlops.core.report import Gate, Predictions, Rival, rounded
from mlops.evaluator.bootstrap import DEFINED, DRAWS, differences
from mlops.evaluator.measure import Measure, every_row, table

RESAMPLES, FEWEST = 1000, 200
CERTAINTY = 95  # per cent
ROUNDING = 1e-9  # relative: the same model, written and read again, may differ in the last digit


@dataclass(frozen=True)
class Rivalry:
    """Two models on rows that neither was trained on.

    Parameters
    ----------
    rival : Rival
    ours, theirs : object
        What the measures compute from, of the same rows in the same order; None where the rival
        has no answers.
    n_rows : int
    measures : dict of str to Measure
    seed : int
        Of the bootstrap.
    """

    rival: Rival
    ours: Any
    theirs: Any
    n_rows: int
    measures: dict[str, Measure]
    seed: int

    def gate(self, name: str, margin: float) -> Gate:
        """Passed if the new model is surely not worse by more than `margin` in the metric `name`.

        The worsening is w = s (m(new) − m(champion)), s = 1 where a smaller m is better and −1
        where a greater one is. It is computed for B resamples of the rows, drawn with replacement,
        the same rows for both models (a paired bootstrap: what makes a row hard for both cancels
        out). The bound is the 95th percentile of w over the resamples, the upper end of a one-sided
        95 % percentile interval [1]_, and the gate passes if it is at most `margin`: a test of
        "worse by more than the margin" at the level 0.05. So the margin has to leave room for
        chance: with 0 only a model that is surely not worse passes, and fewer rows need more room.
        B is 1,000; above 5,000 rows fewer, at least 200.

        Where there is no champion the gate passes; where the two cannot be compared it refuses.

        Parameters
        ----------
        name : str
        margin : float
            In the unit of the metric, 0 or more.

        References
        ----------
        .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
        """
        label, rival = f"{name} not worse than champion by {margin:g}", self.rival
        if self.theirs is None:
            return Gate(label, not rival.label, refusal(rival))
        measure = self.measures[name]
        ours, theirs = (self._value(measure, rows) for rows in (self.ours, self.theirs))
        bound = self._bound(measure)
        head = f"{name} is {rounded(ours)}, {rival.label} has {rounded(theirs)}"
        if bound is None:
            return Gate(label, False, f"{head}: undefined on {rival.says}")
        nothing = ROUNDING * max(abs(ours), abs(theirs), 1e-3)
        worse = theirs - ours if measure.greater_is_better else ours - theirs
        worse, bound = (0.0 if abs(each) <= nothing else each for each in (worse, bound))
        return Gate(label, bound <= margin, f"{head} on {rival.says}; {told(worse, bound)}")

    def _value(self, measure: Measure, rows: Any) -> float:
        return float(table([measure], rows, every_row(self.n_rows))[0, 0])

    def _bound(self, measure: Measure) -> float | None:
        """The most by which the new model is worse, with certainty; None where undefined."""
        import numpy as np

        if self.n_rows < 2:
            return None
        count = min(RESAMPLES, max(FEWEST, DRAWS // self.n_rows))
        both = (self.theirs, self.ours)
        drawn = differences([measure], *both, self.n_rows, count=count, seed=self.seed)[:, 0]
        worse = -drawn if measure.greater_is_better else drawn
        defined = worse[np.isfinite(worse)]
        if len(defined) < DEFINED * count:
            return None
        return float(np.percentile(defined, CERTAINTY))


def rivalry(
    rival: Rival,
    rows: Callable[[Any, Predictions, Task], Any],
    test: Dataset,
    predictions: Predictions,
    measures: tuple[Measure, ...],
    seed: int,
) -> Rivalry:
    """Put both models on the rival's rows.

    Parameters
    ----------
    rival : Rival
    rows : callable
        Target, predictions and task to what the measures compute from.
    test : Dataset
    predictions : Predictions
        The new model's, for all rows of `test`.
    measures : tuple of Measure
    seed : int
    """
    by_name = {measure.name: measure for measure in measures}
    if rival.predictions is None or rival.positions is None:
        return Rivalry(rival, None, None, 0, by_name, seed)
    y = test.y.to_numpy()[rival.positions]
    ours, theirs = predictions.at(rival.positions), rival.predictions
    both = rows(y, ours, test.task), rows(y, theirs, test.task)
    return Rivalry(rival, *both, len(y), by_name, seed)


def refusal(rival: Rival) -> str:
    """Why there is nothing to compare.

    >>> refusal(Rival(says="there is no champion yet"))
    'there is no champion yet'
    >>> refusal(Rival("version 3 (champion)", "only 9 rows are left"))
    'not comparable with version 3 (champion): only 9 rows are left'
    """
    return f"not comparable with {rival.label}: {rival.says}" if rival.label else rival.says


def told(worse: float, bound: float) -> str:
    """By how much the new model is worse, and by how much at most.

    >>> told(0.1, 0.345)
    'worse by 0.1, at most by 0.345 with 95 % certainty'
    >>> told(-0.5, 0.2)
    'better by 0.5, at most worse by 0.2 with 95 % certainty'
    >>> told(-0.5, -0.2)
    'better by 0.5, at least by 0.2 with 95 % certainty'
    """
    if worse == bound == 0:
        return "the same"
    certain = f"with {CERTAINTY} % certainty"
    if worse >= 0:
        return f"worse by {rounded(worse)}, at most by {rounded(bound)} {certain}"
    if bound < 0:
        return f"better by {rounded(-worse)}, at least by {rounded(-bound)} {certain}"
    return f"better by {rounded(-worse)}, at most worse by {rounded(bound)} {certain}"
