"""The nouns of tuning: a trial, what a tuner may ask, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.core.crew import Crew, Here, Tell

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"


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
        One dict of metrics a fold; fewer than there are folds if it was pruned, empty if it failed
        in the first.
    state : str
        ``complete``, ``pruned`` or ``failed``.
    says : str
        The reason, where it is not complete.
    seconds : float
    key : str
        Its own among the trials of all runs; empty where it belongs to one run alone.
    """

    number: int
    params: dict[str, Any]
    scores: tuple[dict[str, float], ...]
    state: str = COMPLETE
    says: str = ""
    seconds: float = 0.0
    key: str = ""

    def mean(self, metric: str) -> float:
        """Mean of `metric` over the folds; NaN where no fold was scored.

        ``seconds``, where the folds do not tell it, is the trial's own duration.
        """
        if metric == "seconds" and self.scores and metric not in self.scores[0]:
            return self.seconds
        values = [fold[metric] for fold in self.scores]
        return sum(values) / len(values) if values else float("nan")


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Several trials joined into one model.

    Parameters
    ----------
    how : str
        ``mean`` (of numbers, or of probabilities) or ``stack``.
    members : tuple of Trial
        The best first.
    scores : tuple of dict of str to float
        One a fold, of rows on which neither the members nor what joins them was fitted.
    stack : estimator or None
        For ``stack``: fitted on the members' answers for the held-out rows of all folds.
    threshold : float or None
        From which probability on the second of two classes is said; None: the most probable one.
    seconds : float
    """

    how: str
    members: tuple[Trial, ...]
    scores: tuple[dict[str, float], ...]
    stack: Any = None
    threshold: float | None = None
    seconds: float = 0.0

    @property
    def says(self) -> str:
        """``mean of trials 3, 7 and 12``."""
        *numbers, last = (str(each.number) for each in self.members)
        return f"{self.how} of trials {', '.join(numbers)} and {last}"

    def trial(self, number: int, key: str = "") -> Trial:
        """Itself as one more trial, to be told and compared."""
        params = {"ensemble": self.says}
        return Trial(
            number=number, params=params, scores=self.scores, seconds=self.seconds, key=key
        )


class Unheard:
    """A screen that nobody looks at."""

    def progress(self, done: int, total: int, says: str) -> None: ...

    def line(self, text: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a tuner may ask: score parameters, here or by a crew; which metric ranks, which way.

    Parameters
    ----------
    score : callable
        Takes ``{key: value}``, gives one dict of metrics a fold, in this process. Raises what the
        parts raise.
    metric : str
    greater_is_better : bool
    seed : int
    folds : int
        How many a crew is to score one by one; 0 where :attr:`score` answers all of them at once.
    crew : callable or None
        Gives the crew. Its tasks are pairs of parameters and the number of a fold, and their
        values the metrics of that fold. None: :attr:`score` in this process.
    prefers_greater : callable or None
        For another metric than the one that ranks: whether greater is better; KeyError if there
        is no such metric.
    told : callable
        Is told each trial as it ends.
    screen : object
        For progress and lines.
    name : str
        The recipe's: studies are kept under it.
    key : str
        The run's: distinguishes this search from those before.
    studies : pathlib.Path or None
        Where studies are kept; None: nowhere.
    about : dict of str to object
        What makes scores comparable: the data, the folds, the chosen parts.
    starts : tuple of dict of str to object
        Parameters to try first, as far as they are searched.
    blend : callable or None
        Takes an open crew, complete trials (the best first), the ways to join them, and the metric
        that ranks; gives the best ensemble of each way that can be gone, scored on the folds.
    """

    score: Callable[[dict[str, Any]], tuple[dict[str, float], ...]]
    metric: str
    greater_is_better: bool
    seed: int
    folds: int = 0
    crew: Callable[[], Crew] | None = None
    prefers_greater: Callable[[str], bool] | None = None
    told: Callable[[Trial], None] = lambda trial: None
    screen: Any = field(default_factory=Unheard)
    name: str = "study"
    key: str = ""
    studies: Path | None = None
    about: dict[str, Any] | None = None
    starts: tuple[dict[str, Any], ...] = ()
    blend: Callable[..., tuple[Ensemble, ...]] | None = None

    def workers(self) -> Crew:
        """The crew that scores one fold, or all of them, at a time."""
        if self.crew is not None:
            return self.crew()

        def work(task: tuple[dict[str, Any], int], tell: Tell) -> Any:
            return tuple(self.score(task[0]))

        return Here(work)

    def is_greater_better(self, metric: str) -> bool:
        """Which way a metric goes; KeyError if there is no such metric."""
        if metric == self.metric:
            return self.greater_is_better
        if self.prefers_greater is None:
            raise KeyError(metric)
        return self.prefers_greater(metric)


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The best parameters (empty: those of the configuration) and every trial.

    Parameters
    ----------
    best : Trial
    trials : tuple of Trial
        In the order of their numbers.
    earlier : int
        How many of them had ended in earlier commands.
    study : str
        Where the study is kept, for people; empty for none.
    plots : tuple of mlops.core.report.Plot
        What the search looked like.
    notes : tuple of str
        What there is to say about it.
    leaderboard : tuple of dict
        Where whole options were searched: a row for each set of them, the best first.
    front : tuple of dict
        Of several metrics: a row for each trial that none beats in all of them, the best by the
        first metric first.
    ensemble : Ensemble or None
        What is better than the best trial alone, if anything is.
    """

    best: Trial
    trials: tuple[Trial, ...]
    earlier: int = 0
    study: str = ""
    plots: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
    leaderboard: tuple[dict[str, Any], ...] = ()
    front: tuple[dict[str, Any], ...] = ()
    ensemble: Ensemble | None = None

    @property
    def scores(self) -> tuple[dict[str, float], ...]:
        """One dict of metrics a fold, of what was chosen."""
        return self.best.scores if self.ensemble is None else self.ensemble.scores
