"""Acts that give an alias to another version: each to its end or not at all, one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from mlops.core.errors import MlopsError
from mlops.core.version import PROMOTE, ROLLBACK, UNDONE, LedgerEntry
from mlops.registry import refusals
from mlops.registry.intent import Intent
from mlops.registry.names import before, held
from mlops.registry.versions import Versions, safe_name


class Moves:
    """Moves aliases, and whatever is deployed with them.

    Parameters
    ----------
    versions : Versions
    deploy : callable
        Puts online what an intent asks for; may be done twice. What it raises as an
        :class:`MlopsError` takes the act back.
    """

    def __init__(self, versions: Versions, deploy: Callable[[Intent], None]) -> None:
        self.versions, self.ledger = versions, versions.ledger
        self.deploy = deploy

    def promote(self, number: int, alias: str, *, seen: LedgerEntry | None, why: str) -> Intent:
        """Give `alias` to the version `number`, if it still means what was `seen`.

        Parameters
        ----------
        number : int
        alias : str
        seen : LedgerEntry or None
            What ``versions.holder(alias)`` said when the decision was made.
        why : str

        Raises
        ------
        MlopsError
            Somebody else was faster, the version's files are not whole (exit code 3), or it
            cannot be deployed: then the alias means what it meant before.
        """
        return self._act(PROMOTE, number, alias, seen, why)

    def rollback(
        self, alias: str, *, to: int | None = None, seen: LedgerEntry | None, why: str
    ) -> Intent:
        """Give `alias` back to the version that had it before, or to version `to`.

        Raises
        ------
        MlopsError
            As :meth:`promote`, or there is nothing to go back to (exit code 3).
        """
        return self._act(ROLLBACK, to, alias, seen, why)

    def settle(self) -> str:
        """Finish or undo the act that another command began and did not end.

        Returns
        -------
        str
            What was done, for people; empty where there was nothing to do.
        """
        if Intent.read(self.versions.folder) is None:  # nobody waits for a lock to hear this
            return ""
        with self.ledger.locked():
            intent = Intent.read(self.versions.folder)
            if intent is None:
                return ""
            self.ledger.verify()
            told = f"{intent.act} of version {intent.version} to {intent.alias} was cut off and is"
            taken_up = self._taken_up(intent)
            if taken_up is None:
                intent.remove(self.versions.folder)
                return f"{told} undone: {intent.alias} means what it meant before"
            try:
                self._through(taken_up)
            except MlopsError as error:
                return f"{told} undone: {error.problems[0].says}"
            return f"{told} finished now"

    def _act(
        self, act: str, number: int | None, alias: str, seen: LedgerEntry | None, why: str
    ) -> Intent:
        safe_name("alias", alias)
        with self.ledger.locked():
            self.settle()
            self.ledger.verify()  # before an intent is written that could not be entered
            now = self.versions.holder(alias)
            if (now.seq if now else 0) != (seen.seq if seen else 0):
                raise refusals.faster(self.versions.model, alias, now)
            number = before(self.ledger.entries(), alias) if number is None else number
            if act == ROLLBACK and not number:
                raise refusals.nothing_before(self.versions, alias)
            self._accept(number, alias, now, where="to" if act == ROLLBACK else "version")
            was = now.version if now else 0
            key = secrets.token_hex(8)
            intent = Intent(key=key, act=act, version=number, alias=alias, was=was, why=why)
            intent.write(self.versions.folder)
            intent = self._enter(intent)
            self._through(intent)
            return intent

    def _accept(self, number: int, alias: str, now: LedgerEntry | None, *, where: str) -> None:
        version = self.versions.version(number, where=where)
        if number in self.ledger.renumbered:
            raise refusals.renumbered(self.versions.model, number, self.ledger.renumbered[number])
        if now is not None and now.version == number:
            raise refusals.has_it(self.versions.model, number, alias)
        if wrong := self.versions.wrong(version):
            was = now.version if now else 0
            raise refusals.not_whole(self.versions, version, wrong, now=was)

    def _enter(self, intent: Intent) -> Intent:
        """Put the act into the ledger; give it as it stands there."""
        try:
            entry = self.ledger.append(
                act=intent.act,
                version=intent.version,
                alias=intent.alias,
                was=intent.was,
                why=intent.why,
                intent=intent.key,
            )
        except MlopsError:
            intent.remove(self.versions.folder)
            raise
        return replace(intent, version=entry.version, was=entry.was)

    def _taken_up(self, intent: Intent) -> Intent | None:
        """Make sure that the act stands in the ledger; None if it was undone or no longer can."""
        entries = self.ledger.entries()
        acts = [entry for entry in entries if entry.intent == intent.key]
        if acts:
            is_undone = acts[-1].act == UNDONE
            return (
                None if is_undone else replace(intent, version=acts[-1].version, was=acts[-1].was)
            )
        names = held(entries)
        was = names[intent.alias].version if intent.alias in names else 0
        known = self.versions.all(entries)[: intent.version]
        if was != intent.was or len(known) < intent.version or self.versions.wrong(known[-1]):
            return None
        try:
            return self._enter(intent)
        except MlopsError:
            return None

    def _through(self, intent: Intent) -> None:
        try:
            self.deploy(intent)
        except MlopsError as error:  # anything else is a crash: the next command takes it up
            self.ledger.append(
                act=UNDONE,
                version=intent.was,
                alias=intent.alias,
                was=intent.version,
                why=error.problems[0].says,
                intent=intent.key,
            )
            intent.remove(self.versions.folder)
            raise
        intent.remove(self.versions.folder)
