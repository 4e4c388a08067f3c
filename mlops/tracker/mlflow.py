"""Records go to MLflow: to a server, or to a database in the outputs folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import make_outputs
from mlops.core.record import Delivery, Record
from mlops.core.secret import Secret
from mlops.core.version import Standing
from mlops.tracker.address import Address
from mlops.tracker.courier import Courier
from mlops.tracker.spool import ANYWHERE, Spool
from mlops.tracker.started import started


class Mlflow:
    """Tracker that writes to the spool and has a recorder process deliver it.

    MLflow itself is imported in that process only.

    Parameters
    ----------
    uri : str or Secret, optional
        Tracking address; None takes ``MLFLOW_TRACKING_URI``, else ``outputs/mlflow.db``.
    experiment : str, optional
        Experiment of every record; None leaves the record's own.
    wait_s : float
        How long :meth:`close` waits for the delivery, seconds.

    Attributes
    ----------
    target : str
        Where records go, without secrets; known after :meth:`open`.
    """

    def __init__(
        self,
        *,
        uri: str | Secret | None = None,
        experiment: str | None = None,
        wait_s: float = 30.0,
    ) -> None:
        self.uri = uri
        self.experiment = experiment
        self.wait_s = wait_s
        self.target = ANYWHERE
        self._courier: Courier | None = None
        self._keys: list[str] = []
        self._parents: list[str] = []

    def open(self, outputs: Path) -> None:
        """Start the recorder, so that its imports overlap with the work.

        Raises
        ------
        MlopsError
            The outputs folder cannot be written.
        """
        self.join(outputs)
        courier = self._opened()
        spool = courier.spool
        try:
            make_outputs(outputs)
            spool.folder.mkdir(parents=True, exist_ok=True)
            if not spool.is_served():
                courier.start()
        except OSError as error:
            raise cannot_write(spool, error) from error

    def look(self, outputs: Path, standing: Standing) -> None:
        """Leave a note of each alias that somebody moved in MLflow, if that is seen at a glance.

        Parameters
        ----------
        outputs : pathlib.Path
        standing : Standing
            How the model stands by its ledger.
        """
        from mlops.tracker.glance import look

        registry = os.environ.get("MLFLOW_REGISTRY_URI") or self.uri
        look(Address.of(outputs, registry), standing, Spool(outputs).folder)

    def join(self, outputs: Path) -> None:
        """Write records beside a process that has opened its tracker, whose recorder delivers."""
        address = Address.of(outputs, self.uri)
        self.target, self._keys, self._parents = address.target, [], []
        self._courier = Courier(Spool(outputs, address))

    def expect(self, key: str) -> None:
        """Wait also for the record of this run, which another process has submitted."""
        self._keys.insert(0, key)
        self._opened().nudge()

    def begin(
        self, record: Record, folder: Path
    ) -> AbstractContextManager[Callable[[Record], None]]:
        """Say that a run goes on in `folder`: see :func:`mlops.tracker.started.started`."""
        outputs = self._opened().spool.outputs
        return started(outputs, folder, self._placed(record), target=self.target)

    def submit(self, record: Record | Standing) -> None:
        """Make `record` durable; it is delivered now, or whenever the server is there.

        Raises
        ------
        MlopsError
            The outputs folder cannot be written, or the disk is full.
        """
        courier = self._opened()
        try:
            placed = self._placed(record) if isinstance(record, Record) else record
            courier.spool.put(placed)
        except OSError as error:
            raise cannot_write(courier.spool, error) from error
        # What became of a run is asked for, so a standing is not the last.
        self._keys.insert(len(self._keys) if isinstance(record, Record) else 0, record.key)
        if isinstance(record, Record) and not record.parent_key:
            self._parents.append(record.key)
        courier.nudge()

    def close(self, wait_s: float | None = None) -> Delivery:
        """Wait until all submitted records are delivered; return what became of them.

        That is what became of the run itself or, in a sweep, of the parent of each experiment.

        Parameters
        ----------
        wait_s : float, optional
            Seconds; None takes the tracker's own, 0 does not wait. The recorder goes on by itself.
        """
        courier = self._opened()
        courier.hang_up()
        if not self._keys:
            return Delivery(delivered=False, says="there was nothing to record")
        reason = courier.wait(self._keys, self.wait_s if wait_s is None else wait_s)
        return together([self.delivery(key, reason) for key in self._parents or self._keys[-1:]])

    def delivery(self, key: str, otherwise: str = "the record is on its way") -> Delivery:
        """What became of one record by now."""
        spool = self._opened().spool
        waits = Delivery(delivered=False, says=otherwise, uri=spool.address.shown)  # type: ignore[union-attr]
        return spool.outcome(key) or waits

    def _placed(self, record: Record) -> Record:
        chosen = record.experiment if self.experiment is None else self.experiment
        return dataclasses.replace(record, experiment=chosen)

    def _opened(self) -> Courier:
        if self._courier is None:
            raise RuntimeError("open(outputs) comes first")
        return self._courier


def together(found: list[Delivery]) -> Delivery:
    """What became of several records, in one; the first that was not delivered tells why.

    >>> one = Delivery(delivered=True, says="recorded as 1 at here", run_id="1", uri="here")
    >>> together([one, one]).says
    'recorded as 2 parent runs at here'
    """
    failed = [each for each in found if not each.delivered]
    if failed or len(found) == 1:
        return (failed or found)[0]
    remarks = dict.fromkeys(each.says.partition("; ")[2] for each in found)
    says = f"recorded as {len(found)} parent runs at {found[0].uri}"
    return Delivery(
        delivered=True, says="; ".join(filter(None, [says, *remarks])), uri=found[0].uri
    )


def cannot_write(spool: Spool, error: OSError) -> Exception:
    """The error for an outputs folder that takes no record."""
    return fail(
        "record-not-written",
        "The record of the run cannot be written.",
        where=str(spool.folder),
        found=error.strerror or str(error),
        accepted="a folder that can be written, with room on its disk",
        next_step="make room or set outputs=FOLDER, then run again",
        exit_code=ENVIRONMENT,
    )
