"""The acts of a model as commits: each is a line of its ledger, and a tag if it is a version."""

from __future__ import annotations

import json
from collections.abc import Callable

from mlops.core.version import REGISTER, LedgerEntry
from mlops.registry import chain
from mlops.registry.branch import Branch
from mlops.registry.draft import Draft
from mlops.registry.format import FILE as FORMAT_FILE
from mlops.registry.ledger import FILE, HEAD
from mlops.registry.names import held
from mlops.registry.shelf import MANIFEST

ALIASES = "aliases.json"


class Acts:
    """Makes the commits and tags of one model.

    Parameters
    ----------
    branch : Branch
    model : str
    """

    def __init__(self, branch: Branch, model: str) -> None:
        self.branch, self.model = branch, model
        self.place = f"{branch.folder}/{model}"

    def entries(self, commit: str) -> list[LedgerEntry]:
        """The acts that stand at a commit."""
        return [chain.entry_of(line) for line in self.branch.lines(commit, self.model)]

    def files(self, number: int) -> str:
        """Path of a version's folder on the branch."""
        return f"{self.place}/versions/{number}"

    def commit(
        self, parent: str, entries: list[LedgerEntry], files: Callable[[Draft, int], None]
    ) -> str:
        """Make a commit of the last of `entries`; no ref names it yet.

        Parameters
        ----------
        parent : str
            A commit; empty for none.
        entries : list of LedgerEntry
        files : callable
            Adds the files of the version that is registered.
        """
        entry, format_file = entries[-1], self.branch.root / self.place / FORMAT_FILE
        with self.branch.draft(parent) as draft:
            if entry.act == REGISTER:
                files(draft, entry.version)
            files_told = {f"{self.place}/{name}": text for name, text in told(entries).items()}
            if format_file.exists():
                files_told[f"{self.place}/{FORMAT_FILE}"] = format_file.read_bytes()
            draft.put(files_told)
            return draft.commit(parent, self._message(entry))

    def tag(self, commit: str, entries: list[LedgerEntry]) -> None:
        """Tag the commits of versions whose tag is missing, or left from before acts moved."""
        known = self.branch.tags(self.model, f"--merged={commit}") if commit else set()
        for entry in entries:
            name = f"{self.model}/v{entry.version}"
            if entry.act == REGISTER and name not in known:
                words = ("rev-list", "-1", commit, "--", f"{self.files(entry.version)}/{MANIFEST}")
                made = self.branch.repository.get(*words).decode().strip()
                self.branch.tag(name, made or commit, self._message(entry))

    def _message(self, entry: LedgerEntry) -> str:
        run = f" Run {entry.run}." if entry.run else ""
        why = f"{entry.why}\n\n" if entry.why else ""
        return f"{says(self.model, entry)}\n\n{why}By {entry.who}, {entry.at}.{run}\n"


def says(model: str, entry: LedgerEntry) -> str:
    """An act as the subject of a commit.

    >>> says("houses", LedgerEntry(seq=2, at="", who="", act="promote", version=7, was=3,
    ...     alias="champion"))
    'houses: promote, champion 3 → 7'
    """
    if entry.act == REGISTER:
        return f"{model}: version {entry.version}" + (f" ({entry.alias})" if entry.alias else "")
    if not entry.alias:
        return f"{model}: {entry.act}"
    return f"{model}: {entry.act}, {entry.alias} {entry.was or '-'} → {entry.version or '-'}"


def told(entries: list[LedgerEntry]) -> dict[str, bytes]:
    """The files that tell of all acts, by name."""
    names = {name: entry.version for name, entry in held(entries).items()}
    head = {"seq": entries[-1].seq, "hash": entries[-1].hash}
    return {
        FILE: b"".join(chain.line_of(entry) for entry in entries),
        HEAD: json.dumps(head).encode(),
        ALIASES: json.dumps(names, indent=1, sort_keys=True).encode() + b"\n",
    }
