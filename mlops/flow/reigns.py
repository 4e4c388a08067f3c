"""From when to when a version was the one that is deployed, and who deployed it."""

from __future__ import annotations

from collections.abc import Iterator

from mlops.core.version import LedgerEntry
from mlops.flow.deploying import DEPLOYED
from mlops.registry.deployments import FIRST_SERVED, notes
from mlops.registry.versions import Versions

WORDS = {"register": "at registration", "promote": "promoted", "rollback": "rolled back to"}


def reigns(versions: Versions, number: int) -> Iterator[tuple[str, str]]:
    """Each time that version `number` was the champion: from when to when, and how it came.

    Yields
    ------
    tuple of (str, str)
        E.g. ``2026-11-22 08:05 → now`` and ``promoted by ann; deployer dry_run``; a time that
        lasted for days is told in days.
    """
    told = [each for each in notes(versions) if each["version"] == number]
    for began, ended in _spans(versions.ledger.entries(), number):
        mine = [
            each
            for each in told
            if str(each["at"]) >= began.at and (ended is None or str(each["at"]) < ended.at)
        ]
        how = f"{WORDS.get(began.act, began.act)} by {began.who}"
        deployers = [str(each["by"]) for each in mine if each.get("by")]
        how += f"; deployer {deployers[-1]}" if deployers else ""
        served = [str(each["at"]) for each in mine if each["event"] == FIRST_SERVED]
        how += f"; first request {_minute(served[0])}" if served else ""
        yield _span(began.at, ended.at if ended else ""), how


def _spans(
    entries: list[LedgerEntry], number: int
) -> Iterator[tuple[LedgerEntry, LedgerEntry | None]]:
    """The acts that made a version the champion, and those that ended it."""
    began = None
    for entry in entries:
        if entry.alias != DEPLOYED or not entry.sets:
            continue
        if began is not None and entry.version != number:
            yield began, entry
            began = None
        elif began is None and entry.version == number:
            began = entry
    if began is not None:
        yield began, None


def _span(began: str, ended: str) -> str:
    """From one moment to another, as short as it can be told.

    >>> _span("2026-11-22T08:05:10Z", "2026-11-22T09:10:00Z")
    '2026-11-22 08:05 → 09:10'
    >>> _span("2026-11-22T08:05:10Z", "2026-11-24T09:10:00Z")
    '2026-11-22 → 2026-11-24'
    """
    if ended and ended[:10] != began[:10]:
        return f"{began[:10]} → {ended[:10]}"
    return f"{_minute(began)} → {ended[11:16] or 'now'}"


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")
