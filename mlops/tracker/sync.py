"""Delivering what waits, without a run: what `mlops sync` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops.core.paths import make_outputs
from mlops.core.record import Delivery
from mlops.core.secret import Secret
from mlops.core.version import STANDING
from mlops.tracker.address import Address
from mlops.tracker.courier import Courier
from mlops.tracker.spool import Spool
from mlops.tracker.started import bury


@dataclass(frozen=True, kw_only=True)
class Drained:
    """What became of the records that waited.

    Parameters
    ----------
    delivered, refused : dict of str to Delivery
        By run key.
    aligned : tuple of str
        What was brought in line with the histories of the models: a model and its line each.
    remarks : tuple of str
        What could not be brought in line.
    waiting : tuple of str
        Keys that still wait for this server.
    elsewhere : dict of str to str
        Keys that wait for another server, with its address.
    uri : str
        The address, without secrets.
    says : str
        Why some still wait; empty if none does.
    """

    delivered: dict[str, Delivery]
    refused: dict[str, Delivery]
    aligned: tuple[str, ...]
    remarks: tuple[str, ...]
    waiting: tuple[str, ...]
    elsewhere: dict[str, str]
    uri: str
    says: str


def drain(
    outputs: Path, *, uri: str | Secret | None = None, adopt: bool = False, wait_s: float = 60.0
) -> Drained:
    """Deliver what waits for `uri`, killed runs included.

    Parameters
    ----------
    outputs : pathlib.Path
    uri : str or Secret, optional
        As for the tracker.
    adopt : bool
        Deliver also what was meant for another server.
    wait_s : float
        Seconds to wait; the recorder goes on by itself.
    """
    spool = Spool(outputs, Address.of(outputs, uri))
    make_outputs(outputs)
    spool.folder.mkdir(parents=True, exist_ok=True)
    bury(spool)
    for standing in spool.standings():  # again: somebody may have moved an alias in MLflow
        spool.put(standing)
    keys = spool.waiting(adopt=adopt)
    says = Courier(spool, adopt=adopt).wait(keys, wait_s, age_ms=0)
    known = {key: outcome for key in keys if (outcome := spool.outcome(key)) is not None}
    waiting = tuple(key for key in keys if key not in known)
    delivered = {key: each for key, each in known.items() if each.delivered}
    standings = [key for key in delivered if key.startswith(STANDING)]
    return Drained(
        aligned=tuple(delivered.pop(key).run_id for key in standings),
        remarks=tuple(remark for key in standings if (remark := spool.remark(key))),
        delivered=delivered,
        refused={key: each for key, each in known.items() if not each.delivered},
        waiting=waiting,
        elsewhere={key: at for key, at in pending(outputs).items() if key not in waiting},
        uri=spool.address.shown if spool.address else "",
        says=says,
    )


def pending(outputs: Path) -> dict[str, str]:
    """Keys of all records that wait, oldest first, with the address each is meant for.

    The address is without secrets; ``local`` is the database in `outputs`, an empty text any.
    """
    spool = Spool(outputs)
    return {key: spool.target(key) for key in spool.all_keys()}
