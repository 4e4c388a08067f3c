"""The nouns of versions: one line of the ledger, one version, and how a model's names stand."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from mlops.core.lines import parsed

REGISTER, PROMOTE, ROLLBACK = "register", "promote", "rollback"
UNDONE, EXTERNAL, RESTORED = "undone", "external", "restored"
STANDING = "versions."  # what the key of a standing begins with


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One act, as one line of a ledger tells it.

    A field more is a new format of the ledger, see :mod:`mlops.registry.format`.

    Parameters
    ----------
    seq : int
        1 for the first line, without a gap.
    at : str
        UTC, ISO 8601, to the millisecond.
    who : str
        Login name of the person.
    act : str
        ``register``, ``promote``, ``rollback``, ``undone`` (an act that could not be finished was
        taken back), ``external`` (found in MLflow, done by somebody else) or ``restored`` (files
        were put back from a backup).
    version : int
        What the act is about; with an alias, what the alias names from now on (0: nothing).
    alias : str
        The alias that is set; empty for none.
    was : int
        The version that the alias named before; 0 for none.
    why : str
        The reason given.
    gates : tuple of str
        Gates that refused and were overridden, each with what it said.
    run, content : str
        Run key and content key, of a registration.
    artefact : str
        SHA-256 of the version's manifest, of a registration.
    intent : str
        Key of the act, so that it is written only once however often it is tried.
    previous, hash : str
        The hash of the line before, and this line's own.
    """

    seq: int
    at: str
    who: str
    act: str
    version: int = 0
    alias: str = ""
    was: int = 0
    why: str = ""
    gates: tuple[str, ...] = ()
    run: str = ""
    content: str = ""
    artefact: str = ""
    intent: str = ""
    previous: str = ""
    hash: str = ""

    @property
    def sets(self) -> bool:
        """Whether an alias names another version after this act."""
        return bool(self.alias) and self.act != EXTERNAL

    @classmethod
    def of(cls, raw: dict[str, Any]) -> LedgerEntry:
        """The entry that plain data describes.

        Raises
        ------
        TypeError
            Keys are missing, or there are others.
        """
        return cls(**{**raw, "gates": tuple(raw.get("gates", ()))})


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One version of a registered model, as the ledger knows it.

    Parameters
    ----------
    model : str
        Name of the registered model.
    number : int
        1 for the first, without a gap.
    aliases : tuple of str
        The names that it has now.
    run, content, artefact, at, who : str
        As in :class:`LedgerEntry`.
    gates : tuple of str
        Gates that were overridden.
    is_new : bool
        False for a content that was a version already.
    """

    model: str
    number: int
    aliases: tuple[str, ...]
    run: str
    content: str
    artefact: str
    at: str
    who: str
    gates: tuple[str, ...] = ()
    is_new: bool = True

    def __str__(self) -> str:
        names = f" ({', '.join(self.aliases)})" if self.aliases else ""
        return f"version {self.number}{names}"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a tracking server is to know about a registered model: all of it, as it stands.

    Parameters
    ----------
    model : str
    seq : int
        Of the last line of the ledger; an older standing says nothing against a newer one.
    hash : str
        Of that line: with it the server bears witness to the ledger's length.
    versions : dict of int to str
        Number to run key.
    aliases : dict of str to int
        Name to number; 0 for a name that was taken away.
    restored : str
        When the ledger was last put back from a backup; empty if it never was. What stands after
        that is newer, however short the ledger has become.
    """

    model: str
    seq: int
    hash: str
    versions: dict[int, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    restored: str = ""

    @property
    def age(self) -> tuple[str, int]:
        """Of two standings of one model, the one whose age is greater is the newer one."""
        return self.restored, self.seq

    @property
    def key(self) -> str:
        """A safe name that is its own, and never a run's."""
        return f"{STANDING}{self.model[:40]}.{self.seq}.{self.hash[:12]}"

    def to_json(self) -> str:
        """One JSON document."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Standing:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        ValueError, TypeError, KeyError
            The text is not such a document.
        """
        raw = parsed(text)
        if not isinstance(raw, dict) or type(raw.get("seq")) is not int:
            raise TypeError("no standing")
        versions = {int(number): str(run) for number, run in dict(raw["versions"]).items()}
        names = {str(name): int(number) for name, number in dict(raw.get("aliases", {})).items()}
        texts = {key: str(raw[key]) for key in ("model", "hash", "restored") if key in raw}
        return cls(**{**raw, **texts, "versions": versions, "aliases": names})
