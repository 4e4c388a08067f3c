"""Records stay in the spool until `mlops sync` delivers them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from mlops.core.record import Delivery, Record
from mlops.core.version import Standing
from mlops.tracker.mlflow import cannot_write
from mlops.tracker.spool import ANYWHERE, Spool
from mlops.tracker.started import started


class Offline:
    """Tracker that starts no recorder and speaks to no server.

    Attributes
    ----------
    target : str
        Empty: whichever server `mlops sync` is given takes the records.
    """

    def __init__(self) -> None:
        self.target = ANYWHERE
        self._spool: Spool | None = None

    def open(self, outputs: Path) -> None:
        """Remember the outputs folder."""
        self._spool = Spool(outputs)

    def join(self, outputs: Path) -> None:
        """The same: there is no recorder."""
        self.open(outputs)

    def expect(self, key: str) -> None:
        """Nothing is waited for."""

    def begin(
        self, record: Record, folder: Path
    ) -> AbstractContextManager[Callable[[Record], None]]:
        """Say that a run goes on in `folder`: see :func:`mlops.tracker.started.started`."""
        return started(self._opened().outputs, folder, record)

    def submit(self, record: Record | Standing) -> None:
        """Make `record` durable.

        Raises
        ------
        MlopsError
            The outputs folder cannot be written, or the disk is full.
        """
        spool = self._opened()
        try:
            spool.put(record)
        except OSError as error:
            raise cannot_write(spool, error) from error

    def close(self, wait_s: float | None = None) -> Delivery:
        """Say that the records wait; `wait_s` is not used."""
        return self.delivery("")

    def _opened(self) -> Spool:
        if self._spool is None:
            raise RuntimeError("open(outputs) comes first")
        return self._spool

    def delivery(self, key: str, otherwise: str = "") -> Delivery:
        """The same for every record."""
        says = "offline: the record waits in outputs/spool; `mlops sync` delivers it"
        return Delivery(delivered=False, says=otherwise or says)
