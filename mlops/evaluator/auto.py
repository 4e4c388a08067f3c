"""The evaluator that fits the task."""

from __future__ import annotations

from typing import Any

from mlops.core.dataset import Task
from mlops.core.errors import MlopsError, Problem, closest, fail, listed


class Auto:
    """Picks by the name of the task.

    Parameters
    ----------
    **tasks : object
        Task name to its evaluator; a new task is one line in the option file.
    """

    def __init__(self, **tasks: Any) -> None:
        self._tasks = tasks

    def names(self) -> tuple[str, ...]:
        """The metric names of all its evaluators, without importing anything."""
        every = (name for evaluator in self._tasks.values() for name in evaluator.names())
        return tuple(dict.fromkeys(map(str, every)))

    def columns(self) -> tuple[str, ...]:
        """The columns that the slices of all its evaluators name."""
        every = (name for evaluator in self._tasks.values() for name in evaluator.columns())
        return tuple(dict.fromkeys(map(str, every)))

    def check(self) -> None:
        """Check each of its evaluators.

        Raises
        ------
        MlopsError
            With what any of them refuses.
        """
        problems: list[Problem] = []
        for evaluator in self._tasks.values():
            try:
                evaluator.check()
            except MlopsError as error:
                problems += error.problems
        if problems:
            raise MlopsError(*problems)

    def for_task(self, task: Task) -> Any:
        """The evaluator of `task`.

        Raises
        ------
        MlopsError
            There is none, or it refuses its own settings.
        """
        if task.name not in self._tasks:
            raise fail(
                "no-evaluator",
                f"No evaluator judges the task {task.name}.",
                where="evaluator=auto",
                found=f"task {task.name} (target {task.target})",
                accepted=listed(self._tasks),
                closest=closest(task.name, self._tasks),
                next_step="state data.task, or name an evaluator for this task",
            )
        return self._tasks[task.name].for_task(task)
