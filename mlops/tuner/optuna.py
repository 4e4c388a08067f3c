"""Trials chosen by Optuna: any of its samplers and pruners, asked and told by a driver of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from mlops.core.crew import Crew
from mlops.core.errors import MlopsError, Problem, fail, one_of
from mlops.core.secret import Secret
from mlops.core.tuning import Ensemble, Objective, Trial, Tuned
from mlops.tuner import goals as aims
from mlops.tuner.best import best
from mlops.tuner.condition import Axis, axes, ends
from mlops.tuner.goals import Goal
from mlops.tuner.joining import joined, winner
from mlops.tuner.leaderboard import leaderboard
from mlops.tuner.opening import Place, opened
from mlops.tuner.pareto import front, picked, rows
from mlops.tuner.plots import pictures
from mlops.tuner.progress import Progress
from mlops.tuner.scoring import Scoring
from mlops.tuner.search import Search
from mlops.tuner.space import merged
from mlops.tuner.study import Study

TRIALS = 50
ASKING = 0.8  # share of the time for trials, where some is kept for an ensemble
FRONT = ("cleaner", "features")


class Optuna:
    """Search with one of Optuna's samplers, and prune fold by fold.

    A trial that raises, is not a number, takes too long or dies is a failed trial with its
    reason. The study is kept as trials end, so that ``resume`` goes on where a killed run stopped.

    Parameters
    ----------
    sampler : callable or None
        Takes ``seed``, gives a sampler of Optuna's kind; None only where nothing is to be searched
        yet.
    pruner : callable or None
        Gives a pruner of Optuna's kind; None prunes nothing. Several metrics are never pruned.
    options : dict of str to str
        Room to the options to choose among, for who makes the space of them.
    space : dict of str to str
        Full configuration key to sweep text, with or without a condition
        (``interval(1, 9) if model.kernel == rbf``); adds to the space of the chosen options and
        wins over it; null takes a key out.
    ensemble : int
        How many of the best trials may be joined at the end, below 2 none: what joins them has to
        beat the best one alone on the folds. One metric only.
    ways : list of str
        To join them: ``mean`` (of classes a soft vote) and ``stack``.
    metrics : list of str, or str
        What to make better; ``primary`` is the evaluator's, ``seconds`` the time a trial took.
        Empty: the primary one.
    pick : str or float
        Which of several trials none of which is better in everything: ``first`` is the best by the
        first metric, ``knee`` the one farthest from the line between the extremes, a number the
        best by the second among those within that share of the best by the first.
    trials : int or None
        How many there are to be in the study, earlier ones among them; None for 50.
    timeout_s : float or None
        No trial starts later than this many seconds, a fifth of them kept for an ensemble.
    trial_timeout_s : float or None
        Seconds that one trial may take, all folds together.
    storage : str, Secret or None
        Database of studies for several drivers; None: a file in ``outputs/studies``.
    study : str or None
        Name of the study.
    resume : bool
        Go on with that study, or with the last one of the recipe.
    deterministic : bool
        The same table of trials with any number of workers; they wait for one another.
    """

    def __init__(
        self,
        *,
        sampler: Callable[..., Any] | None,
        pruner: Callable[..., Any] | None = None,
        options: dict[str, Any],
        space: dict[str, Any],
        ensemble: int,
        ways: list[str],
        metrics: list[str] | str,
        pick: str | float,
        trials: int | None,
        timeout_s: float | None,
        trial_timeout_s: float | None,
        storage: str | Secret | None,
        study: str | None,
        resume: bool,
        deterministic: bool,
    ) -> None:
        self.sampler = sampler
        self.pruner = pruner
        self.options = options
        self.space = space
        self.ensemble = ensemble
        self.ways = ways
        self.metrics = [metrics] if isinstance(metrics, str) else metrics
        self.pick = pick
        self.trials = trials
        self.timeout_s = timeout_s
        self.trial_timeout_s = trial_timeout_s
        self.storage = storage
        self.study = study
        self.resume = resume
        self.deterministic = deterministic

    def check(self, space: dict[str, str]) -> None:
        """Read the space and the metrics, and knock at the database; Optuna is not loaded.

        Raises
        ------
        MlopsError
            An entry cannot be read, nothing is left to search, the database does not answer, or
            what several drivers do, or how long it takes, is to repeat exactly.
        """
        problems: list[Problem] = []
        for look in (
            lambda: axes(self.merged(space)),
            self._check_metrics,
            self._check_ways,
            lambda: self._place.check(is_alone=self.deterministic),
        ):
            try:
                look()
            except MlopsError as error:
                problems += error.problems
        if problems:
            raise MlopsError(*problems)

    def _check_metrics(self) -> None:
        if aims.SECONDS in aims.read(self.metrics) and self.deterministic:
            raise _not_by_time()

    def _check_ways(self) -> None:
        for way in self.ways:
            one_of("tuner.ways", way, ("mean", "stack"))

    def tune(self, objective: Objective, space: dict[str, str]) -> Tuned:
        """Search until the study has all its trials, or the time is over.

        Parameters
        ----------
        objective : Objective
        space : dict of str to str
            What the chosen options say of themselves.

        Raises
        ------
        MlopsError
            As :meth:`check`; the study cannot be opened; no trial was complete.
        KeyboardInterrupt
            Of the user; what has ended is kept, and a line says how to go on.
        """
        found = axes(self.merged(space))
        goals, began = aims.goals(self.metrics, objective), monotonic()
        with _quiet(), self._opened(objective, found, goals) as study:
            before = study.trials()
            if self.resume and not before:
                objective.screen.line(self._place.none_yet(objective.studies))
            progress = Progress(objective.screen, goals[0], study.total, len(before))
            for trial in before:
                progress.noted(trial)
                if not study.is_shared:
                    objective.told(trial)  # it may have ended without anybody hearing of it
            with objective.workers() as crew:
                try:
                    for trial in self._searched(objective, study, found, goals, crew):
                        objective.told(trial)
                        progress.told(trial)
                except KeyboardInterrupt as error:
                    objective.screen.line(f"stopped: {progress.said()}")
                    error.add_note(
                        f"run the same command with {self._place.again}: it goes on there"
                    )
                    raise
                return self._tuned(objective, study, goals, crew, began, len(before))

    def merged(self, space: dict[str, str]) -> dict[str, str]:
        """The space to search: `space`, with what ``tuner.space`` adds, replaces and takes out."""
        return merged(space, self.space)

    def ends(self, space: dict[str, str]) -> dict[str, tuple[Any, ...]]:
        """What may be drawn for each key, at the ends; see :func:`mlops.tuner.condition.ends`."""
        return ends(self.merged(space))

    def _opened(self, objective: Objective, found: Sequence[Axis], goals: Sequence[Goal]) -> Any:
        assert self.sampler is not None
        aims.fit(self.sampler, goals)
        return opened(
            self._place,
            objective,
            found,
            goals,
            total=TRIALS if self.trials is None else self.trials,
            sampler=self.sampler,
            pruner=self.pruner if len(goals) == 1 else None,
            seed=objective.seed,
            keeps_decisions=self.deterministic,
            starts=objective.starts,
        )

    def _searched(
        self,
        objective: Objective,
        study: Study,
        found: tuple[Axis, ...],
        goals: tuple[Goal, ...],
        crew: Crew,
    ) -> Iterator[Trial]:
        is_same = not any(axis.key.split(".")[0] in FRONT for axis in found)
        shares_folds = is_same and not study.is_through
        metrics = tuple(goal.metric for goal in goals)
        limit_s = self.trial_timeout_s
        scoring = Scoring(objective, crew, metrics, shares_folds=shares_folds, limit_s=limit_s)
        is_pruned = self.pruner is not None and len(goals) == 1
        search = Search(study, scoring, self._time_to_ask_s, self.trial_timeout_s, is_pruned)
        yield from search.in_generations() if self.deterministic else search.as_they_come()

    @property
    def _place(self) -> Place:
        return Place(self.storage, self.study, self.resume)

    @property
    def _time_to_ask_s(self) -> float | None:
        is_joined = self.ensemble > 1 and self.timeout_s is not None
        return self.timeout_s * ASKING if is_joined and self.timeout_s else self.timeout_s

    def _tuned(
        self,
        objective: Objective,
        study: Study,
        goals: tuple[Goal, ...],
        crew: Crew,
        began: float,
        earlier: int,
    ) -> Tuned:
        trials, goal = study.trials(), goals[0]
        ahead: tuple[Trial, ...] = ()
        tried: tuple[Ensemble, ...] = ()
        if len(goals) == 1:
            chosen = best(goal, trials)
            left = (
                None if self.timeout_s is None else max(0.0, began + self.timeout_s - monotonic())
            )
            limits = {"budget_s": left, "limit_s": self.trial_timeout_s}
            tried = joined(objective, crew, trials, goal, self.ensemble, self.ways, **limits)
        else:
            ahead = front(trials, goals)
            chosen = picked(ahead, goals, self.pick)
        for at, each in enumerate(tried):
            objective.told(each.trial(len(trials) + at, f"{objective.key}-{each.how}"))
        return Tuned(
            best=chosen,
            trials=trials,
            earlier=earlier,
            study=study.where,
            plots=pictures(study.named(trials), goals, study.importance(), study.named(ahead)),
            leaderboard=leaderboard(trials, goal, tried),
            front=rows(study.named(ahead), goals, chosen),
            ensemble=winner(tried, chosen, goal),
        )


def _not_by_time() -> MlopsError:
    return fail(
        "deterministic-seconds",
        "A search by the time that trials take cannot repeat exactly.",
        where="tuner.deterministic",
        found=f"tuner.deterministic=true with {aims.SECONDS} among tuner.metrics",
        accepted="one of the two",
        next_step=f"write tuner.metrics without {aims.SECONDS}: tuner.metrics=[{aims.PRIMARY}]",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna tells each trial in its log, and warns of what it tries out; we tell it ourselves."""
    import warnings

    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="optuna")
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
