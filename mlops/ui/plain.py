"""Text without colours, bars or control characters: for logs, pipes and screen readers."""

from __future__ import annotations

import shutil
from time import monotonic

from mlops.core.output import output
from mlops.ui.printed import Printed
from mlops.ui.table import Line
from mlops.ui.text import clean, encodable

SECONDS_BETWEEN = 10.0


class Plain(Printed):
    """Plain text, in ASCII where the output's encoding has no more.

    A line about progress comes every ten seconds at most.

    Parameters
    ----------
    width : int
        Columns of the widest line; a narrower terminal wins.
    """

    def __init__(self, *, width: int) -> None:
        super().__init__(width=width)
        self._began = monotonic()
        self._name = ""

    def room(self) -> int:
        """`width` columns, or those of a narrower terminal that shows the output."""
        if not output().isatty():
            return self.width
        return max(40, min(self.width, shutil.get_terminal_size((self.width, 24)).columns))

    def write(self, lines: list[Line]) -> None:
        """Print the text of the pieces."""
        stream = output()
        text = "".join("".join(piece for piece, _ in line).rstrip() + "\n" for line in lines)
        stream.write(encodable(text, stream.encoding))
        stream.flush()

    def step(self, name: str, says: str) -> None:
        """Start the clock of the progress line."""
        self._began, self._name = monotonic(), name

    def progress(self, done: int, total: int, says: str) -> None:
        """Say how far it is, now and then."""
        if monotonic() - self._began >= SECONDS_BETWEEN:
            self._began = monotonic()
            self.write([[(f"· {clean(self._name)}: {done} of {total} {clean(says)}", "")]])
