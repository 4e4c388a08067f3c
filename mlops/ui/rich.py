"""Colour, and a line that moves while work goes on: for terminals."""

from __future__ import annotations

import atexit
import shutil
from typing import Any

from mlops.core.output import output
from mlops.core.record import Result, Step
from mlops.ui.printed import Printed
from mlops.ui.table import Line
from mlops.ui.text import clean, clipped, encodable

COLOURS = {
    "": "",
    "quiet": "dim",
    "strong": "bold",
    "good": "green",
    "bad": "red",
    "warn": "yellow",
}
BAR = 24


class Rich(Printed):
    """Styled text; ``NO_COLOR`` and the terminal's abilities are honoured.

    Parameters
    ----------
    width : int
        Columns of the widest line; a narrower terminal wins.
    """

    def __init__(self, *, width: int) -> None:
        super().__init__(width=width)
        self._console: Any = None
        self._status: Any = None
        self._running = ""

    def room(self) -> int:
        """Columns of the terminal, `width` at most."""
        return max(40, min(self.width, shutil.get_terminal_size((self.width, 24)).columns))

    def write(self, lines: list[Line]) -> None:
        """Print the pieces in their colours."""
        from rich.text import Text

        console = self._screen()
        text = Text()  # one for all: a list of thousands is printed at once
        for number, line in enumerate(lines):
            text.append("\n" * bool(number))
            for piece, style in line:
                text.append(encodable(piece, console.encoding), COLOURS[style] or None)
        if lines:
            console.print(text, soft_wrap=True)

    def step(self, name: str, says: str) -> None:
        """Show what runs now, on a line that goes away."""
        self._running = f"{clean(name)}  {clean(says)}".rstrip()
        self._move(self._running)

    def progress(self, done: int, total: int, says: str) -> None:
        """Draw how far it is on the same line."""
        share = min(1.0, done / total) if total else 0.0
        bar = "━" * round(BAR * share) + "─" * (BAR - round(BAR * share))
        self._move(f"{self._running}  {bar}  {done} of {total} {clean(says)}")

    def done(self, step: Step) -> None:
        """Put the step's final line in the place of the moving one."""
        self.stop()
        super().done(step)

    def line(self, text: str) -> None:
        """Print one line above the moving one."""
        self.stop()
        super().line(text)

    def verdict(self, result: Result) -> None:
        """Show metrics, gates and warnings, before the record is delivered."""
        self.stop()
        super().verdict(result)

    def show(self, result: Result) -> None:
        """Show the rest."""
        self.stop()
        super().show(result)

    def stop(self) -> None:
        """Take the moving line away and give the cursor back."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _screen(self) -> Any:
        from rich.console import Console

        # While the line moves, standard output is a stand-in of rich's without an encoding.
        moves = self._status is not None
        if self._console is None or not (moves or self._console.file is output()):
            self._console = Console(file=output(), highlight=False, markup=False, emoji=False)
        return self._console

    def _move(self, text: str) -> None:
        from rich.text import Text

        console = self._screen()
        if not console.is_terminal:
            return
        shown = Text(encodable(clipped(text, self.room() - 3), console.encoding), style="dim")
        if self._status is None:
            RUNNING.append(self)
            spinner = "dots" if console.encoding.startswith("utf") else "line"
            self._status = console.status(shown, spinner=spinner)
            self._status.start()
        else:
            self._status.update(shown)


RUNNING: list[Rich] = []


@atexit.register
def stop_all() -> None:
    """Take every moving line away: before errors are printed, and when the process ends."""
    while RUNNING:
        RUNNING.pop().stop()
