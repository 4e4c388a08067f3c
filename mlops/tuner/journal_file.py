"""A study's file that does not wait for the disk, or for anybody, and is not held in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend


class Journal(JournalStorage):
    """Optuna's storage in a file, whose trials share the descriptions of what they draw from."""

    def __init__(self, path: Path) -> None:
        super().__init__(JournalFile(path))
        self._ranges: dict[str, BaseDistribution] = {}

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: Any
    ) -> None:
        """Write down what was drawn."""
        super().set_trial_param(trial_id, param_name, param_value_internal, distribution)
        drawn_from = self.get_trial(trial_id).distributions
        if drawn_from[param_name] == self._ranges.setdefault(param_name, distribution):
            drawn_from[param_name] = self._ranges[param_name]


class JournalFile(BaseJournalBackend):
    """Optuna's journal for its one driver: each line goes to the system at once, in one piece.

    It is appended, so that what another program adds (a note in the dashboard) is not torn apart,
    and no lock has to be taken. Whoever is killed has lost nothing; a power cut may cost the last
    trials, and a line that it left half written is cut off when the study is opened.

    What is noted of a trial at length stays in the file: a :class:`Filed` stands for it.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._path, self._read_to = path, (0, 0)  # so many lines, so many bytes

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write `logs`, a line each."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self._path.open("ab", buffering=0) as file:
            file.write(text.encode("utf-8"))

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        """The whole lines from one number on, as far as they are written."""
        number, at = self._read_to if log_number_from >= self._read_to[0] else (0, 0)
        with self._path.open("rb") as file:
            file.seek(at)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                begins, number, at = at, number + 1, at + len(line)
                if number > log_number_from:
                    self._read_to = number, at
                    yield self._without_bulk(json.loads(line), begins)

    def _without_bulk(self, log: dict[str, Any], at: int) -> dict[str, Any]:
        if "trial_id" in log and "user_attr" in log:
            for name, value in log["user_attr"].items():
                if isinstance(value, dict):
                    log["user_attr"][name] = Filed(self._path, at)
        return log


class Filed:
    """What was noted of a trial, read from its line in a study's file when it is called for."""

    __slots__ = ("at", "path")

    def __init__(self, path: Path, at: int) -> None:
        self.path, self.at = path, at

    def __call__(self) -> Any:
        """Read it.

        Raises
        ------
        OSError
            The file is not there any more.
        """
        with self.path.open("rb") as file:
            file.seek(self.at)
            [noted] = json.loads(file.readline())["user_attr"].values()
        return noted
