"""Acts that give an alias to another version: each to its end or not at all, one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mlops.core.errors import MlopsError, Problem
from mlops.core.secret import masked
from mlops.core.version import PROMOTE, REGISTER, ROLLBACK, UNDONE, LedgerEntry, ModelVersion
from mlops.registry import refusals
from mlops.registry.charge import Charge
from mlops.registry.intent import Intent
from mlops.registry.ledger import LOCKED
from mlops.registry.names import before, held
from mlops.registry.safe_names import safe_name
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions


def nobody(alias: str) -> Charge | None:
    """Nobody puts anything online."""
    return None


class Moves:
    """Moves aliases, and whatever is deployed with them.

    Parameters
    ----------
    versions : Versions
    deploy : callable
        Puts online what an intent asks for; may be done twice. What it raises takes the act back,
        and it is called once more, with the act ``undone``, to have the version online that the
        alias means then. An error ``which-deployer`` says that it could not even try.
    by : callable, optional
        Who puts online what gets an alias, asked before anything is written.
    """

    def __init__(
        self,
        versions: Versions,
        deploy: Callable[[Intent], None],
        by: Callable[[str], Charge | None] = nobody,
    ) -> None:
        self.versions, self.ledger = versions, versions.ledger
        self.deploy, self.by = deploy, by

    def register(self, candidate: Candidate) -> ModelVersion:
        """Make a version of a run; one that gets the first alias at once goes online.

        Raises
        ------
        MlopsError
            As :meth:`mlops.registry.versions.Versions.register`; or it cannot be deployed: then it
            is a version without that alias.
        """
        versions = self.versions
        with versions.gathered(candidate) as gathered, self.ledger.locked():
            self._settled()
            intent = None
            if versions.first_alias not in held(self.ledger.verify()):
                alias, number = versions.first_alias, len(versions.all()) + 1
                intent = self._begun(REGISTER, number, alias, by=self.by(alias))
            version = versions.enter(candidate, gathered, intent=intent.key if intent else "")
            if intent is not None and intent.alias in version.aliases and version.is_new:
                self._first(replace(intent, version=version.number))
            elif intent is not None:  # the same content, or somebody else was first
                intent.remove(versions.folder)
            return version

    def may(self, alias: str, seen: LedgerEntry | None) -> Charge | None:
        """Who puts online what gets `alias`, after making sure that it may mean another version.

        Raises
        ------
        MlopsError
            Nothing can be called so (2); the chain is broken, somebody else was faster than what
            was `seen`, or it is not known who has the model online (exit code 3).
        """
        safe_name("alias", alias)
        names = held(self.ledger.verify())
        known = {*names, self.versions.first_alias, self.versions.later_alias}
        alike = [name for name in known if name.lower() == alias.lower()]
        if alike and alias not in alike:
            raise refusals.alike_name(alias, alike[0])
        now = names.get(alias)
        if (now.seq if now else 0) != (seen.seq if seen else 0):
            raise refusals.faster(self.versions.model, alias, now)
        return self.by(alias)

    def promote(self, number: int, alias: str, *, seen: LedgerEntry | None, why: str) -> Intent:
        """Give `alias` to the version `number`, if it still means what was `seen`.

        A version that has the alias and is to go online goes online, and nothing is written.

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
        try:
            return self._settled()
        except MlopsError as error:
            if error.problems[0].code not in (refusals.WHICH_DEPLOYER, LOCKED):
                raise
            return f"{error.problems[0].says} An act was cut off: {error.problems[0].next_step}"

    def _settled(self) -> str:
        with self.ledger.locked():
            intent = Intent.read(self.versions.folder)
            if intent is None:
                return ""
            told = f"{intent.act} of version {intent.version} to {intent.alias} was cut off and is"
            entries = self.ledger.verify()
            taken_up = self._taken_up(intent, entries)
            if taken_up is None:
                was_done = any(entry.intent == intent.key for entry in entries)
                further = self._back(intent) if was_done else ()
                intent.remove(self.versions.folder)
                says = f"undone: {intent.alias} means what it meant before"
                return " ".join([f"{told} {says}", *(each.says for each in further)])
            try:
                self._through(taken_up, looks=True)
            except Exception as error:
                if Intent.read(self.versions.folder) is not None:
                    raise
                return f"{told} undone: {_says(error)[1]}"
            return f"{told} finished now"

    def _act(
        self, act: str, number: int | None, alias: str, seen: LedgerEntry | None, why: str
    ) -> Intent:
        with self.ledger.locked():
            self._settled()
            by = self.may(alias, seen)  # before an intent is written that could not be entered
            entries, now = self.ledger.entries(), seen
            number = before(entries, alias) if number is None else number
            if act == ROLLBACK and not number:
                raise refusals.nothing_before(self.versions, alias)
            version = self._accepted(number, where="to" if act == ROLLBACK else "version")
            has_it = now is not None and now.version == number
            if has_it and (act == ROLLBACK or by is None):
                raise refusals.has_it(self.versions.model, number, alias)
            self._whole(version, now)
            was = now.version if now else 0
            if has_it:
                again = Intent(key="", act=act, version=number, alias=alias, was=was, why=why)
                self.deploy(replace(again, by=by))
                return again
            intent = self._begun(act, number, alias, was=was, why=why, by=by)
            intent = self._enter(intent)
            self._through(intent)
            return intent

    # Steps; each may be done twice.

    def _first(self, intent: Intent) -> None:
        try:
            self._through(intent)
        except MlopsError as error:
            further = refusals.nameless(self.versions.model, intent.version).problems
            raise MlopsError(*error.problems, *further) from error

    def _accepted(self, number: int, *, where: str) -> ModelVersion:
        version = self.versions.version(number, where=where)
        if number in self.ledger.renumbered:
            raise refusals.renumbered(self.versions.model, number, self.ledger.renumbered[number])
        return version

    def _whole(self, version: ModelVersion, now: LedgerEntry | None) -> None:
        if wrong := self.versions.wrong(version):
            was = now.version if now else 0
            raise refusals.not_whole(self.versions, version, wrong, now=was)

    def _begun(self, act: str, number: int, alias: str, **more: Any) -> Intent:
        """Write down what is about to be done."""
        told = {"was": 0, "why": "", "by": None, **more}
        key = secrets.token_hex(8)
        intent = Intent(key=key, act=act, version=number, alias=alias, **told)
        intent.write(self.versions.folder)
        return intent

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

    def _taken_up(self, intent: Intent, entries: list[LedgerEntry]) -> Intent | None:
        """Make sure that the act stands in the ledger, and still counts; None if it does not."""
        names = held(entries)
        acts = [entry for entry in entries if entry.intent == intent.key]
        if acts:
            last, now = acts[-1], names.get(intent.alias)
            counts = last.act != UNDONE and now is not None and now.hash == last.hash
            return replace(intent, version=last.version, was=last.was) if counts else None
        was = names[intent.alias].version if intent.alias in names else 0
        known = self.versions.all(entries)[: intent.version]
        if intent.act == REGISTER or was != intent.was or len(known) < intent.version:
            return None
        if self.versions.wrong(known[-1]):
            return None
        try:
            return self._enter(intent)
        except MlopsError:
            return None

    def _through(self, intent: Intent, *, looks: bool = False) -> None:
        try:
            if looks:
                self._whole(self.versions.version(intent.version), None)
            self.deploy(intent)
        except Exception as error:  # a crash is none: the next command takes it up
            if _says(error)[0] == refusals.WHICH_DEPLOYER:
                raise
            self.ledger.append(
                act=UNDONE,
                version=intent.was,
                alias=intent.alias,
                was=intent.version,
                why=_says(error)[1],
                intent=intent.key,
            )
            further = self._back(intent)
            if further and isinstance(error, MlopsError):
                raise MlopsError(*error.problems, *further) from error
            raise
        intent.remove(self.versions.folder)

    def _back(self, intent: Intent) -> tuple[Problem, ...]:
        """Have online what the alias means after all; tell what stands in the way of that."""
        found: tuple[Problem, ...] = ()
        holder = self.versions.holder(intent.alias)
        if holder is not None:
            back = replace(intent, act=UNDONE, version=holder.version, was=intent.version)
            try:
                self.deploy(back)
            except Exception as error:
                said = refusals.not_back(self.versions.model, holder.version, _says(error)[1])
                found = said.problems
        intent.remove(self.versions.folder)
        return found


def _says(error: Exception) -> tuple[str, str]:
    """Code and sentence of an error; whatever raises it, no password stands in it."""
    if isinstance(error, MlopsError):
        return error.problems[0].code, error.problems[0].says
    return "", masked(f"{type(error).__name__}: {error}".split("\n")[0][:200])
