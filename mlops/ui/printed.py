"""What the options that print share: which lines are shown when."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mlops.core.record import Result, Step
from mlops.ui.screen import end_lines, step_line, verdict_lines, warning_lines
from mlops.ui.table import Line
from mlops.ui.text import clean


class Printed(ABC):
    """Shows steps as they end, the verdict at once, and the rest when it is known.

    Parameters
    ----------
    width : int
        Columns of the widest line.
    """

    def __init__(self, *, width: int) -> None:
        self.width = width
        self._shown: Result | None = None

    @abstractmethod
    def write(self, lines: list[Line]) -> None:
        """Print lines of (text, style) pieces."""

    def room(self) -> int:
        """Columns there are now."""
        return self.width

    def step(self, name: str, says: str) -> None:
        """A step begins."""

    def done(self, step: Step) -> None:
        """A step has ended."""
        self.write(step_line(step, self.room()))

    def progress(self, done: int, total: int, says: str) -> None:
        """`done` of `total` are done inside the step that runs."""

    def line(self, text: str) -> None:
        """One line for people."""
        self.write([[(clean(text), "")]])

    def verdict(self, result: Result) -> None:
        """Metrics, gates and warnings, before the record is delivered."""
        self.write(verdict_lines(result, self.room()))
        self._shown = result

    def show(self, result: Result) -> None:
        """Everything about a finished command that :meth:`verdict` has not shown yet."""
        shown, room = self._shown, self.room()
        if shown is not None and shown.key == result.key:
            new = [each for each in result.warnings if each not in shown.warnings]
            lines = warning_lines(new, room)
        else:
            lines = verdict_lines(result, room)
        self._shown = None
        lines += end_lines(result, room)
        first = next((at for at, line in enumerate(lines) if line), len(lines))
        alone = not result.steps and shown is None
        self.write(lines[first:] if alone else lines)
