"""The versions of one registered model: what is known of them, and how one comes to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops.core.paths import SAFE_NAME
from mlops.core.snapshot import pin
from mlops.core.version import EXTERNAL, REGISTER, RESTORED, LedgerEntry, ModelVersion, Standing
from mlops.registry import refusals
from mlops.registry.ledger import FILE, Ledger
from mlops.registry.names import held
from mlops.registry.safe_names import safe_name
from mlops.registry.shelf import Candidate, Shelf

FOLDER = "registry"
SOMEBODY = "somebody in MLflow"


class Versions:
    """The versions of one model; how they get other names is told in ``moves``.

    Parameters
    ----------
    outputs : pathlib.Path
    model : str
        A safe name.
    aliases : tuple of str
        What the first version is called, and the newest of the later ones.
    ledger : Ledger, optional
        Where they are kept; by default below `outputs`.
    """

    def __init__(
        self,
        outputs: Path,
        model: str,
        *,
        aliases: tuple[str, str] = ("champion", "challenger"),
        ledger: Ledger | None = None,
    ) -> None:
        safe_name("registered model", model)
        self.model, self.first_alias, self.later_alias = model, *aliases
        self.ledger = Ledger(outputs / FOLDER / model, model) if ledger is None else ledger
        self.outputs, self.folder = outputs, self.ledger.folder
        self.shelf = Shelf(self.folder / "versions")

    # What is known.

    def all(self, entries: list[LedgerEntry] | None = None) -> list[ModelVersion]:
        """Every version, the first one first."""
        entries = self.ledger.entries() if entries is None else entries
        names = held(entries)
        return [
            ModelVersion(
                model=self.model,
                number=entry.version,
                aliases=tuple(sorted(n for n, at in names.items() if at.version == entry.version)),
                **{key: getattr(entry, key) for key in ("run", "content", "artefact", "at", "who")},
                gates=entry.gates,
            )
            for entry in entries
            if entry.act == REGISTER
        ]

    def version(self, number: int, *, where: str = "version") -> ModelVersion:
        """The version `number`, which the key `where` of a command asks for.

        Raises
        ------
        MlopsError
            There is none (exit code 2).
        """
        found = self.all()
        if not 0 < number <= len(found):
            raise refusals.no_version(self.model, number, len(found), where=where)
        return found[number - 1]

    def holder(self, alias: str) -> LedgerEntry | None:
        """The act that gave `alias` its meaning; None if it has none."""
        return held(self.ledger.entries()).get(alias)

    def wrong(self, version: ModelVersion) -> str:
        """What is wrong with a version's files; empty if nothing."""
        return self.shelf.wrong(version.number, version.artefact)

    def usable(self) -> list[ModelVersion]:
        """Versions whose files are all as they were written."""
        return [version for version in self.all() if not self.wrong(version)]

    def about(self, called: int | str, *, where: str) -> dict[str, Any]:
        """What the version or run that is `called` so said of itself.

        Raises
        ------
        MlopsError
            As :func:`mlops.registry.subject.subject`.
        """
        from mlops.registry.subject import subject

        return subject(self, called, where=where).about

    def standing(self) -> Standing | None:
        """All that a tracking server is to know; None where there is nothing to tell it."""
        entries = self.ledger.entries() if self.ledger.is_followed else []
        if not entries:
            return None
        return Standing(
            model=self.model,
            seq=entries[-1].seq,
            hash=entries[-1].hash,
            versions={each.version: each.run for each in entries if each.act == REGISTER},
            aliases={each.alias: each.version for each in entries if each.sets},
            restored=max((each.at for each in entries if each.act == RESTORED), default=""),
        )

    # Acts.

    def register(
        self, candidate: Candidate, *, alias: str | None = None, why: str = ""
    ) -> ModelVersion:
        """Make a version of a run, or find the one that has the same content.

        Parameters
        ----------
        candidate : Candidate
        alias : str or None
            None gives the first version the first alias, a later one the second.
        why : str

        Raises
        ------
        MlopsError
            The chain is broken.
        """
        with self.gathered(candidate) as gathered, self.ledger.locked():
            return self.enter(candidate, gathered, alias=alias, why=why)

    @contextmanager
    def gathered(self, candidate: Candidate) -> Iterator[tuple[Path, str]]:
        """What belongs to a version to be, and the hash of its list; nobody has to wait for that.

        Raises
        ------
        MlopsError
            The run's folder is not as it left it (exit code 3).
        """
        pin(str(candidate.about.get("snapshot", "")), self.outputs)
        with self.shelf.gathered(candidate) as found:
            yield found

    def enter(
        self,
        candidate: Candidate,
        gathered: tuple[Path, str],
        *,
        alias: str | None = None,
        why: str = "",
        intent: str = "",
    ) -> ModelVersion:
        """The second half of :meth:`register`, of what was gathered; only under the lock.

        `intent` is the key of the act that this is a part of.
        """
        about, entries = candidate.about, self.ledger.verify()
        versions = self.all(entries)
        for version in reversed(versions):
            if version.content == about["content"] and not self.wrong(version):
                return replace(version, is_new=False)
        number, names = len(versions) + 1, held(entries)
        if alias is None:
            alias = self.later_alias if self.first_alias in names else self.first_alias
        self.shelf.put(gathered[0], number)
        entry = self.ledger.append(
            act=REGISTER,
            version=number,
            alias=alias,
            was=names[alias].version if alias in names else 0,
            why=why,
            gates=tuple(about["gates"]),
            run=about["run"],
            content=about["content"],
            artefact=gathered[1],
            intent=intent,
        )
        return replace(self.version(entry.version), is_new=entry.run == about["run"])

    def found_elsewhere(self, notes: Iterable[dict[str, Any]]) -> list[LedgerEntry]:
        """Record what somebody did to the aliases in MLflow; give what was not known before."""
        known = {each.intent for each in self.ledger.entries()}
        written = [self.ledger.append(act=EXTERNAL, who=SOMEBODY, **note) for note in notes]
        return [each for each in written if each.intent not in known]


def models(outputs: Path) -> list[str]:
    """Names of the models that have a ledger; a folder of another name is nobody's, e.g. a copy."""
    found = [path.parent.name for path in (outputs / FOLDER).glob(f"*/{FILE}")]
    return sorted(name for name in found if SAFE_NAME.match(name))
