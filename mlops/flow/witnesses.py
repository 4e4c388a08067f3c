"""What the recorder and the last backup remember of a ledger, each outside the model's folder."""

from __future__ import annotations

from pathlib import Path

from mlops.registry.versions import Versions
from mlops.registry.witness import Witness, in_backup
from mlops.tracker.spool import Spool


def told(outputs: Path, versions: Versions) -> Witness | None:
    """The line that the recorder was told last; None if it was told nothing."""
    spool, model = Spool(outputs), versions.model
    last = spool.last_told(model) if versions.ledger.is_followed else None
    if last is None:
        return None
    who, place = "the recorder", spool.folder / "standings" / f"{model}.json"
    return Witness(who=who, place=place, seq=last.seq, hash=last.hash, since=last.restored)


def witnesses(outputs: Path, versions: Versions) -> list[Witness]:
    """All there are; reads every byte of the last backup.

    A ledger in Git has none: acts that are not pushed yet get other lines when others were first.
    """
    if not versions.ledger.is_followed:
        return []
    return [each for each in (told(outputs, versions), in_backup(versions)) if each is not None]
