"""What all evaluators share: the order of judging."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from mlops.core.dataset import Dataset, Task
from mlops.core.errors import MlopsError, Problem, closest, fail, listed
from mlops.core.report import Footprint, Plot, Predictions, Report, Rival
from mlops.evaluator import gates as written
from mlops.evaluator.doubts import about_metrics, about_size
from mlops.evaluator.measure import Measure, every_row, table
from mlops.evaluator.scored import scored
from mlops.evaluator.verdicts import Evidence, verdicts

if TYPE_CHECKING:
    from mlops.evaluator.changed import Changed


class Evaluator(ABC):
    """Scores predictions of one task and judges them by gates.

    Parameters
    ----------
    primary : str
        The metric that ranks trials and jobs.
    gates : dict
        Metric to its conditions: ``min``, ``max``, ``better_than_baseline`` (true),
        ``not_worse_than_champion_by`` (a margin in the metric's unit, see
        :meth:`~mlops.evaluator.rivalry.Rivalry.gate`), ``worst_slice_min``, ``worst_slice_max``.
        Beside the metrics ``size_mb`` (a million bytes of the model's file) and ``latency_ms``
        (median time to answer one row), each with ``max``.
    beat_baseline : bool
        Whether `primary` has to be better than the trivial model's, without writing that gate.
    leak_above : float or None
        In (0, 1]; a single column that tells the target this well is refused; None looks for none.
    slices : list of str
        Columns whose groups are scored on their own.
    slice_bands : int
        Quantile bands into which a numeric slice column is cut.
    slice_min_rows : int
        A smaller group is shown and marked; no gate looks at it.
    resamples : int
        Bootstrap resamples of the test rows; 0 gives no intervals.
    binding : bool
        False: gates are computed and shown, and refuse nothing.
    """

    serves: ClassVar[str] = ""
    measures: ClassVar[tuple[Measure, ...]] = ()

    def __init__(
        self,
        *,
        primary: str,
        gates: dict[str, dict[str, Any]],
        beat_baseline: bool,
        leak_above: float | None,
        slices: list[str],
        slice_bands: int,
        slice_min_rows: int,
        resamples: int,
        binding: bool,
    ) -> None:
        self.primary = primary
        self.gates = gates
        self.beat_baseline = beat_baseline
        self.leak_above = leak_above
        self.slices = slices
        self.slice_bands = slice_bands
        self.slice_min_rows = slice_min_rows
        self.resamples = resamples
        self.binding = binding

    @abstractmethod
    def rows(self, y: Any, predictions: Predictions, task: Task) -> Any:
        """What the measures compute from; it has ``badness``, an array of shape (n_rows,)."""

    @abstractmethod
    def plots(self, rows: Any, task: Task) -> tuple[Plot, ...]:
        """The pictures fit for the task."""

    @abstractmethod
    def shown(self, rows: Any, position: int, task: Task) -> tuple[Any, Any]:
        """What is printed as actual and predicted for the row at `position`."""

    @abstractmethod
    def changed(self, a: Any, b: Any, task: Task) -> Changed:
        """What changed from the answers in rows `a` to those in rows `b`."""

    def doubts(self, rows: Any, task: Task) -> list[str]:
        """Sentences on what makes the numbers weak, beyond what holds for every task."""
        return []

    def measures_for(self, task: Task) -> tuple[Measure, ...]:
        """The measures that `task` defines."""
        return self.measures

    def names(self) -> tuple[str, ...]:
        """All metric names, without importing anything."""
        return tuple(measure.name for measure in self.measures)

    def columns(self) -> tuple[str, ...]:
        """The columns that the data must have for the slices."""
        return tuple(self.slices)

    def asks(self) -> tuple[str, ...]:
        """What :meth:`judge` has to be given for these gates: ``rival``, ``footprint``, or none."""
        return written.asked(self.gates)

    def greater_is_better(self, name: str) -> bool:
        """Which way `name` is better; KeyError if there is no such metric."""
        return {measure.name: measure.greater_is_better for measure in self.measures}[name]

    def check(self) -> None:
        """Refuse unknown metrics and gates that cannot be judged; imports nothing.

        Raises
        ------
        MlopsError
            All of them.
        """
        problems = [] if self.primary in self.names() else [self._unknown_primary()]
        problems += written.problems(self.gates, self.names(), bool(self.slices))
        if problems:
            raise MlopsError(*problems)

    def for_task(self, task: Task) -> Evaluator:
        """Itself, after making sure that it serves `task` and that its metrics exist there.

        Raises
        ------
        MlopsError
            Another task; a metric that this task does not define; or as :meth:`check`.
        """
        if task.name != self.serves:
            raise _other_task(self.serves, task)
        self.check()
        defined = [measure.name for measure in self.measures_for(task)]
        for name in (self.primary, *self.gates):
            if name not in (*defined, *written.ARTEFACT):
                raise fail(
                    "metric-undefined",
                    f"The metric {name} is not defined for this data.",
                    where="evaluator.primary or evaluator.gates",
                    found=f"{name}, and no costs in the data's configuration",
                    accepted=listed(defined, most=20),
                    next_step="state data.costs={label: cost}, or choose another metric",
                )
        return self

    def scores(self, y: Any, predictions: Predictions, task: Task) -> dict[str, float]:
        """Every metric of `predictions`; NaN where these rows leave one undefined.

        Parameters
        ----------
        y : array-like, shape (n_rows,)
        predictions : Predictions
        task : Task
        """
        measures = self.measures_for(task)
        rows = self.rows(y, predictions, task)
        values = table(measures, rows, every_row(len(y)))[0]
        return {measure.name: float(value) for measure, value in zip(measures, values, strict=True)}

    def judge(
        self,
        *,
        task: Task,
        train: Dataset,
        test: Dataset,
        predictions: Predictions,
        baseline: Predictions,
        folds: tuple[dict[str, float], ...],
        seed: int,
        rival: Rival | None = None,
        footprint: Footprint | None = None,
    ) -> Report:
        """Score the test part and give the verdict.

        Parameters
        ----------
        task : Task
        train, test : Dataset
            As the model's pipeline got them, before cleaning.
        predictions, baseline : Predictions
            For the rows of `test`, by the model and by a trivial one.
        folds : tuple of dict of str to float
            Scores of the folds inside the training part; may be empty.
        seed : int
            Of the bootstrap.
        rival : Rival or None
            The model in use; where :meth:`asks` names it.
        footprint : Footprint or None
            What the model's file takes; where :meth:`asks` names it.

        Raises
        ------
        MlopsError
            As :meth:`for_task`.
        """
        from mlops.evaluator.leak import suspects
        from mlops.evaluator.rivalry import rivalry
        from mlops.evaluator.slices import sliced
        from mlops.evaluator.worst import worst

        self.for_task(task)
        rows = self.rows(test.y, predictions, task)
        measures = self.measures_for(task)
        metrics = scored(
            sorted(measures, key=lambda each: each.name != self.primary),
            rows,
            self.rows(test.y, baseline, task),
            len(test.frame),
            folds,
            resamples=self.resamples,
            seed=seed,
        )
        groups, notes = sliced(
            measures, rows, test, self.slices, self.slice_bands, self.slice_min_rows
        )
        leaks = None if self.leak_above is None else suspects(train, self.leak_above)
        against = None
        if rival is not None:
            against = rivalry(rival, self.rows, test, predictions, measures, seed)
        evidence = Evidence(metrics, groups, leaks, against, footprint)
        return Report(
            task=task.name,
            primary=self.primary,
            metrics=metrics,
            gates=verdicts(self._all_gates(), evidence, binding=self.binding),
            slices=groups,
            worst=worst(test, rows.badness, lambda position: self.shown(rows, position, task)),
            plots=() if task.target in test.sensitive else self.plots(rows, task),
            warnings=(
                *about_size(len(rows.badness)),
                *about_metrics(metrics, len(folds)),
                *self.doubts(rows, task),
                *notes,
                *(leaks.notes if leaks else ()),
            ),
        )

    def _all_gates(self) -> dict[str, dict[str, Any]]:
        if not self.beat_baseline:
            return self.gates
        own = {"better_than_baseline": True, **self.gates.get(self.primary, {})}
        return {**self.gates, self.primary: own}

    def _unknown_primary(self) -> Problem:
        return Problem(
            code="unknown-metric",
            says=f"There is no metric {self.primary}.",
            where="evaluator.primary",
            found=str(self.primary),
            accepted=listed(self.names(), most=20),
            closest=closest(self.primary, self.names()),
            next_step="choose one of the accepted metrics",
        )


def _other_task(serves: str, task: Task) -> MlopsError:
    return fail(
        "task-mismatch",
        f"This evaluator judges {serves}, and the data's task is {task.name}.",
        where="evaluator",
        found=f"task {task.name} (target {task.target})",
        accepted=serves,
        next_step="choose evaluator=auto, or state data.task",
    )
