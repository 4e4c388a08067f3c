"""Records stay in the spool until `mlops sync` delivers them."""

from __future__ import annotations

from pathlib import Path

from mlops.core.record import Delivery, Record
from mlops.tracker.mlflow import cannot_write
from mlops.tracker.spool import ANYWHERE, Spool


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

    def submit(self, record: Record) -> None:
        """Make `record` durable.

        Raises
        ------
        MlopsError
            The outputs folder cannot be written, or the disk is full.
        """
        if self._spool is None:
            raise RuntimeError("open(outputs) comes first")
        try:
            self._spool.put(record)
        except OSError as error:
            raise cannot_write(self._spool, error) from error

    def close(self, wait_s: float | None = None) -> Delivery:
        """Say that the records wait; `wait_s` is not used."""
        return self.delivery("")

    def delivery(self, key: str, otherwise: str = "") -> Delivery:
        """The same for every record."""
        says = "offline: the record waits in outputs/spool; `mlops sync` delivers it"
        return Delivery(delivered=False, says=otherwise or says)
