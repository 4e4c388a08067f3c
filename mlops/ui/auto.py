"""Colour on a terminal, plain text elsewhere."""

from __future__ import annotations

import os

from mlops.core.output import output
from mlops.core.record import Result, Step
from mlops.ui.plain import Plain
from mlops.ui.printed import Printed


class Auto:
    """Looks at standard output when first used.

    Parameters
    ----------
    width : int
        Columns of the widest line.
    """

    def __init__(self, *, width: int) -> None:
        self.width = width
        self._chosen: Printed | None = None

    @property
    def chosen(self) -> Printed:
        """``Rich`` if standard output is a terminal that can move its cursor, else ``Plain``."""
        if self._chosen is None:
            able = output().isatty() and os.environ.get("TERM") not in (None, "", "dumb")
            if able:
                from mlops.ui.rich import Rich

                self._chosen = Rich(width=self.width)
            else:
                self._chosen = Plain(width=self.width)
        return self._chosen

    def step(self, name: str, says: str) -> None:
        """A step begins."""
        self.chosen.step(name, says)

    def done(self, step: Step) -> None:
        """A step has ended."""
        self.chosen.done(step)

    def progress(self, done: int, total: int, says: str) -> None:
        """`done` of `total` are done inside the step that runs."""
        self.chosen.progress(done, total, says)

    def line(self, text: str) -> None:
        """One line for people."""
        self.chosen.line(text)

    def verdict(self, result: Result) -> None:
        """The judgement, before the record is delivered."""
        self.chosen.verdict(result)

    def show(self, result: Result) -> None:
        """The finished command."""
        self.chosen.show(result)
