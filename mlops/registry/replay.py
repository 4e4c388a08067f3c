"""Puts acts that were done here behind those that somebody else did elsewhere meanwhile.

Two clones of a repository may act at once, or one of them without a network. Who pushes first is
right; the acts of the other are done again on top, if they still can be: a version gets the next
free number, the same content is one version, and a name is moved only if it still meant what it
meant to whoever moved it; a line tells of one that came too late.
"""

from __future__ import annotations

from dataclasses import replace

from mlops.core.version import PROMOTE, REGISTER, ROLLBACK, UNDONE, LedgerEntry
from mlops.registry import chain
from mlops.registry.names import held


class Replay:
    """Our acts on top of theirs.

    Parameters
    ----------
    model : str
    theirs, ours : list of LedgerEntry
        Two whole ledgers that begin alike.
    aliases : tuple of str
        What the first version is called, and the newest of the later ones.

    Attributes
    ----------
    entries : list of LedgerEntry
        Theirs, and ours behind them.
    new : list of LedgerEntry
        Those of `entries` that are ours.
    became : dict of str to LedgerEntry or None
        Hash of an act of ours, to what stands for it now; None for one that came too late.
    numbers : dict of int to int
        What our versions were, to what they are now.

    Examples
    --------
    >>> def act(seq, previous, **more):
    ...     return chain.sealed(LedgerEntry(seq=seq, at="", who="", previous=previous, **more))
    >>> ours = [act(1, chain.first("m"), act="register", version=1, alias="champion", content="a")]
    >>> theirs = [act(1, chain.first("m"), act="register", version=1, content="b",
    ...     alias="champion")]
    >>> again = Replay("m", theirs, ours)
    >>> again.numbers, [(each.version, each.alias) for each in again.entries]
    ({1: 2}, [(1, 'champion'), (2, 'challenger')])
    """

    def __init__(
        self,
        model: str,
        theirs: list[LedgerEntry],
        ours: list[LedgerEntry],
        aliases: tuple[str, str] = ("champion", "challenger"),
    ) -> None:
        self.model, self.ours, self.aliases = model, ours, aliases
        self.entries, self.new = list(theirs), list[LedgerEntry]()
        self.became: dict[str, LedgerEntry | None] = {}
        self.numbers: dict[int, int] = {}
        known = {entry.hash for entry in theirs}
        for entry in ours:
            if entry.hash not in known:
                self.became[entry.hash] = self._again(entry)

    @property
    def lost(self) -> list[LedgerEntry]:
        """Acts of ours that came too late."""
        return [each for each in self.ours if self.became.get(each.hash, each) is None]

    def as_numbered(self, entry: LedgerEntry) -> LedgerEntry:
        """An act of ours, with the numbers that its versions have now."""
        version, was = (self.numbers.get(each, each) for each in (entry.version, entry.was))
        return replace(entry, version=version, was=was)

    def _again(self, entry: LedgerEntry) -> LedgerEntry | None:
        if entry.act == REGISTER:
            return self._registered(entry)
        stands = held(self.entries).get(entry.alias)
        if entry.sets and self._meant(entry) != (stands.hash if stands else ""):
            self._too_late(entry, stands)
            return None
        number = self.as_numbered(entry).version
        return self._enter(entry, version=number, was=stands.version if stands else 0)

    def _too_late(self, entry: LedgerEntry, stands: LedgerEntry | None) -> None:
        """Keep that it was tried, by whom and why, and who was faster; it names nothing."""
        if entry.act not in (PROMOTE, ROLLBACK):
            return
        faster = f"{stands.who} gave it to version {stands.version}" if stands else "taken away"
        number = self.as_numbered(entry).version
        says = f"{entry.act} to version {number} came too late: {entry.alias}, {faster}"
        why = f"{says} ({entry.why})" if entry.why else says
        self._enter(entry, act=UNDONE, alias="", version=0, was=0, gates=(), why=why)

    def _registered(self, entry: LedgerEntry) -> LedgerEntry:
        versions = [each for each in self.entries if each.act == REGISTER]
        own = {each.hash for each in (*self.ours, *self.new)}
        for same in versions:
            if same.content == entry.content and same.hash not in own:
                self.numbers[entry.version] = same.version
                return same
        names, (first, later) = held(self.entries), self.aliases
        alias = later if entry.alias == first and first in names else entry.alias
        was = names[alias].version if alias in names else 0
        self.numbers[entry.version] = len(versions) + 1
        return self._enter(entry, version=len(versions) + 1, alias=alias, was=was)

    def _meant(self, entry: LedgerEntry) -> str:
        """Hash of the act, as it stands now, that an alias was due to before `entry` moved it."""
        stood = held(self.ours[: entry.seq - 1]).get(entry.alias)
        if stood is None:
            return ""
        now = self.became.get(stood.hash, stood)
        return now.hash if now else "lost"

    def _enter(self, entry: LedgerEntry, **changed: object) -> LedgerEntry:
        last = self.entries[-1].hash if self.entries else chain.first(self.model)
        place = {"seq": len(self.entries) + 1, "previous": last, "hash": ""}
        again = chain.sealed(replace(entry, **place, **changed))  # type: ignore[arg-type]
        self.entries.append(again)
        self.new.append(again)
        return again
