"""What the recorder and the last backup remember of a ledger, each outside the model's folder."""

from __future__ import annotations

from pathlib import Path

from mlops.core.paths import SAFE_NAME
from mlops.registry.backups import stored
from mlops.registry.versions import Versions
from mlops.registry.witness import Witness, denied, in_backup
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


def refuse_a_lost_history(outputs: Path, versions: Versions) -> None:
    """Where there is no ledger, make sure that the recorder knows of none either.

    Raises
    ------
    MlopsError
        It was taken away (exit code 3): nothing begins in its place before somebody decided so.
    """
    last = None if versions.ledger.path.exists() else told(outputs, versions)
    if last is not None and (denial := denied(versions, [], [last])):
        raise denial


def lost(outputs: Path) -> list[Versions]:
    """Models that the recorder was told of, and of which nothing is left."""
    here = {versions.model for versions in stored(outputs)}
    told_of = [name for name in Spool(outputs).models_told() if SAFE_NAME.match(name)]
    return [Versions(outputs, name) for name in told_of if name not in here]
