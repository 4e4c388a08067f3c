"""Exactly the rows that a version or a run had, with their roles and their task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops.core import snapshot
from mlops.core.dataset import Dataset

WHERE = "data.version"


class Snapshot:
    """Rows that were kept, once by content, when a model was made of them.

    They are the rows in use then: those that kept the contract, and a mode's share of them. The
    same splitter and seed split them the same way.

    Parameters
    ----------
    version : int or str
        Number of a version, a name that it has, the key of a run, or of the snapshot itself.
    """

    def __init__(self, *, version: int | str) -> None:
        self.version = version
        self._outputs = Path("outputs")
        self._told: Callable[..., dict[str, Any]] = _nobody
        self._about: dict[str, Any] = {}

    def belongs_to(self, outputs: Path, told: Callable[..., dict[str, Any]]) -> None:
        """Say where data is kept, and who knows what a version or run said of itself.

        Parameters
        ----------
        outputs : pathlib.Path
        told : callable
            Takes what it is called and ``where`` that was said, gives a dict with ``snapshot``.
        """
        self._outputs, self._told = outputs, told

    def header(self) -> list[str]:
        """Names of the columns.

        Raises
        ------
        MlopsError
            There is no such version or run, or its data is not kept.
        """
        return [str(column["name"]) for column in self._kept()["columns"]]

    @property
    def task(self) -> str:
        """What the rows are for; raises as :meth:`header`."""
        return str(self._kept()["task"]["name"])

    def source_key(self) -> str:
        """The snapshot's key, which is made of its content; raises as :meth:`header`."""
        self._kept()
        return str(self._asked()["snapshot"])

    def read(self) -> Dataset:
        """Read the rows.

        Raises
        ------
        MlopsError
            As :meth:`header`, or the snapshot is damaged.
        """
        dataset = snapshot.read_snapshot(self._asked(), self._outputs)
        return replace(dataset, notes=(f"the rows of {self._label()}", *dataset.notes))

    def _asked(self) -> dict[str, Any]:
        if not self._about:
            called = str(self.version)
            kept = snapshot.told(called, self._outputs)
            self._about = {"snapshot": called} if kept else self._told(self.version, where=WHERE)
        return self._about

    def _kept(self) -> dict[str, Any]:
        about = self._asked()
        told = snapshot.told(str(about.get("snapshot", "")), self._outputs)
        if not told:
            raise snapshot.not_kept(about, self._outputs)
        return told

    def _label(self) -> str:
        called, run = str(self.version), str(self._asked().get("run", ""))
        if not run:
            return f"snapshot {called[:8]}"
        called = f"version {called}" if called.isdigit() else called
        return called if called in run else f"{called}, run {run}"


def _nobody(called: int | str, *, where: str) -> dict[str, Any]:
    """Where nobody knows versions, only a snapshot's own key leads to it."""
    return {"run": called}
