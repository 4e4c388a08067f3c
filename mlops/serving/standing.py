"""How a server stands: on disk for whoever looks, and in lines for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops.core.paths import write_whole
from mlops.core.serving import STATUS, Status
from mlops.serving.news import news


class Standing:
    """The status of one server.

    Parameters
    ----------
    folder : pathlib.Path
        Where its file lies.
    status : Status
        As it stands first.
    tell : callable
        Gets a line for people at every change.

    Attributes
    ----------
    status : Status
    is_written : bool
        Whether the file tells it; a full disk ends no server.
    """

    def __init__(self, folder: Path, status: Status, tell: Callable[[str], None]) -> None:
        self.path, self.status, self.tell = folder / STATUS, status, tell
        self.is_written = True
        self.write()

    def says(self, **changed: Any) -> bool:
        """Write and tell how it stands now; give whether that is news."""
        before, self.status = self.status, replace(self.status, **changed)
        if before == self.status:
            return False
        self.write()
        for line in news(before, self.status):
            self.tell(line)
        return True

    def write(self) -> None:
        """Have it on disk, or say once that there is no room."""
        try:
            write_whole(self.path, self.status.to_json())
        except OSError as error:
            if self.is_written:
                self.tell(f"the status cannot be written: {error}")
            self.is_written = False
        else:
            self.is_written = True
