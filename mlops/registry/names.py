"""What the acts of a ledger make an alias mean: now, and before."""

from __future__ import annotations

from collections.abc import Iterable

from mlops.core.version import ROLLBACK, UNDONE, LedgerEntry

Way = tuple[int, "Way"] | None  # a version, and the way that led to it: acts share what came before


def held(entries: Iterable[LedgerEntry]) -> dict[str, LedgerEntry]:
    """The act that gave each alias its present meaning."""
    names: dict[str, LedgerEntry] = {}
    for entry in entries:
        if entry.sets:
            names[entry.alias] = entry
            if not entry.version:
                del names[entry.alias]
    return names


def before(entries: Iterable[LedgerEntry], alias: str) -> int:
    """The version that had `alias` before; going back twice goes back two steps. 0 for none.

    >>> def act(version, act="promote"):
    ...     return LedgerEntry(seq=1, at="", who="", act=act, version=version, alias="champion")
    >>> before([act(1), act(4), act(7)], "champion")
    4
    >>> before([act(1), act(4), act(7), act(4, "rollback")], "champion")
    1
    """
    ways: list[Way] = [None]  # the way after each act; one that is undone goes with its way
    for entry in entries:
        if entry.alias == alias and entry.sets:
            if entry.act == UNDONE and len(ways) > 1:
                ways.pop()
            else:
                ways.append(_gone(ways[-1], entry))
    way = ways[-1]
    return way[1][0] if way and way[1] else 0


def _gone(way: Way, entry: LedgerEntry) -> Way:
    """The versions that led to what an act gives an alias to."""
    back = way if entry.act == ROLLBACK else None
    while back and back[0] != entry.version:
        back = back[1]
    return back or ((entry.version, way) if entry.version else None)
