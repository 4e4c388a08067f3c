"""Who else remembers a line of a ledger, so that one that was written anew as a whole is missed.

The chain and the head beside it show every change but one: somebody who writes both anew, to the
last hash. What lies elsewhere then remembers a line that the ledger does not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.version import RESTORED, LedgerEntry
from mlops.registry import chain
from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.ledger import FILE, Ledger
from mlops.registry.versions import Versions


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A line of a ledger, remembered elsewhere.

    Parameters
    ----------
    who : str
        For people: ``the last backup``.
    place : pathlib.Path
        Where it is remembered.
    seq : int
    hash : str
    since : str
        UTC, ISO 8601: a ledger that was put back later may have lost the line.
    """

    who: str
    place: Path
    seq: int
    hash: str
    since: str


def in_backup(versions: Versions) -> Witness | None:
    """The last line that the last backup has; None where there is none that can be trusted."""
    last, model = Backups(versions.outputs).last(), versions.model
    if last is None or not (seq := last.lines.get(model, 0)):
        return None
    try:
        archive = Archive(Path(last.path))
        with TemporaryDirectory() as folder:
            archive.extract(model, "", Path(folder))
            lines = Ledger(Path(folder), model).lines()
        found = chain.entry_of(lines[seq - 1])
    except (MlopsError, OSError, ValueError, TypeError, IndexError):  # a doctor tells
        return None
    if archive.sha256 != last.sha256:
        return None
    who, since = "the last backup", last.at[:19]  # a part of its second is after it
    return Witness(who=who, place=archive.path, seq=seq, hash=found.hash, since=since)


def denied(
    versions: Versions, entries: list[LedgerEntry], witnesses: Iterable[Witness]
) -> MlopsError | None:
    """Why `entries` are not the lines that were written; None where every witness knows them.

    The witnesses are asked before the entries are read: another's act meanwhile only adds lines.
    """
    restored = max((each.at for each in entries if each.act == RESTORED), default="")
    for each in witnesses:
        there = entries[each.seq - 1].hash if each.seq <= len(entries) else ""
        if there != each.hash and restored <= each.since:
            return _rewritten(versions, each, is_short=not there)
    return None


def _rewritten(versions: Versions, witness: Witness, *, is_short: bool) -> MlopsError:
    wrong = f"{witness.who} knows another line {witness.seq}"
    if is_short:
        wrong = f"{witness.who} knows a line {witness.seq}, which is not there"
    first = f"move {FILE} away, then " if versions.ledger.path.exists() else ""
    return fail(
        "ledger-broken",
        f"The history of {versions.model} is not as it was written: {wrong}.",
        where=str(versions.ledger.path),
        found=f"{wrong}, see {witness.place}",
        accepted="lines that were only ever added, by mlops",
        next_step=f"{first}mlops restore; "
        "or, if you began anew on purpose, move the file away that knows the line",
        exit_code=REFUSED,
    )
