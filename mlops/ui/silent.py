"""Nothing is shown: for notebooks and for the jobs of a sweep."""

from __future__ import annotations

from mlops.core.record import Result, Step


class Silent:
    """Takes everything and shows nothing."""

    def step(self, name: str, says: str) -> None:
        """Ignore that a step begins."""

    def done(self, step: Step) -> None:
        """Ignore that a step ended."""

    def progress(self, done: int, total: int, says: str) -> None:
        """Ignore progress."""

    def line(self, text: str) -> None:
        """Ignore a line."""

    def verdict(self, result: Result) -> None:
        """Ignore the verdict; the result comes back to the caller."""

    def show(self, result: Result) -> None:
        """Ignore the result; it comes back to the caller."""
