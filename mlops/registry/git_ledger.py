"""The ledger of a model that is kept on a Git branch: an act is a line, a commit, and a push.

What is true stands on the branch. The folder below ``.git/mlops`` holds it as files, so that all
that reads versions reads files here too. A command first puts the folder in line with the branch
(an act that was cut off is committed, what others did is brought in), then acts, commits and
pushes. If somebody else pushed first, what only stands here is done again on top of theirs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.paths import SAFE_NAME, abandoned, write_whole
from mlops.core.store import digest
from mlops.core.version import PROMOTE, REGISTER, ROLLBACK, LedgerEntry
from mlops.registry import chain, refusals
from mlops.registry.acts import Acts, says, told
from mlops.registry.branch import Branch
from mlops.registry.draft import ATTRIBUTES, Draft
from mlops.registry.format import FILE as FORMAT_FILE
from mlops.registry.ledger import HEAD, LOCK, Ledger
from mlops.registry.meeting import MOVED, meet
from mlops.registry.names import held
from mlops.registry.remote import BEHIND, Remote
from mlops.registry.shelf import MANIFEST, Shelf, cleared

TRIES = 8


class GitLedger(Ledger):
    """The lines of one model's ledger, on a branch.

    Parameters
    ----------
    branch : Branch
    model : str
    """

    is_followed = False

    def __init__(self, branch: Branch, model: str) -> None:
        super().__init__(branch.root / branch.folder / model, model)
        self.lock_file = branch.root / LOCK  # models share the branch
        self.branch, self.acts = branch, Acts(branch, model)
        self.notes = branch.notes
        self.shelf = Shelf(self.folder / "versions")
        self._became: dict[str, LedgerEntry | None] = {}
        self._told: set[str] = set()
        self._depth = 0

    def others(self) -> list[str]:
        """Names of the models that have a ledger."""
        return [each for each in self.branch.models(self.branch.tip()) if SAFE_NAME.match(each)]

    @property
    def stale(self) -> str:  # type: ignore[override]
        """Why acts that others did may be unknown here; empty if they are known."""
        remote = self.branch.remote
        if remote is None or not remote.away:
            return ""
        return f"what others did may be missing: {remote.name} does not answer ({remote.away})"

    def copy_of(self, folder: Path) -> str:
        """The branch has every file."""
        return f"rm -r '{folder}': the next command takes it from the branch {self.branch.name}"

    def refresh(self) -> None:
        """Bring in what others pushed, and push what waits here."""
        remote = self.branch.remote
        if remote is None and not self.branch.tip() and not self.path.exists():
            return
        answered = remote is not None and remote.fetch(self.model)  # nobody waits for this
        with self.locked():
            if remote is not None and answered:
                self._bring_in(remote)
            self._push()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer on the branch, with the folder as the branch has it."""
        with super().locked():
            if not self._depth:
                self._put_in_line()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def append(self, **act: Any) -> LedgerEntry:
        """Write one act behind the last, commit and push it.

        Returns
        -------
        LedgerEntry
            The act as it stands: if others were first, with the number that is free now, or
            their registration of the same content.

        Raises
        ------
        MlopsError
            Somebody else moved the name first (exit code 3).
        """
        with self.locked():
            self.folder.mkdir(parents=True, exist_ok=True)
            entry = super().append(**act)
            self._put_in_line()
            self._push()
            now: LedgerEntry | None = entry
            while now is not None and now.hash in self._became:
                now = self._became[now.hash]
            if now is None and entry.act in (PROMOTE, ROLLBACK):
                stands = held(self.entries()).get(entry.alias)
                raise refusals.faster(self.model, entry.alias, stands)
            return now or entry

    # The folder and the branch.

    def _put_in_line(self) -> None:
        """Commit acts that only the folder has; else make the folder what the branch has."""
        self.branch.tidy()
        tip, (here, _) = self.branch.tip(), self._lines()
        self.branch.refuse_newer(tip, self.model)
        there, moved = self.branch.lines(tip, self.model), self.folder / MOVED
        if wrong := chain.broken(there, self.model):
            raise self._tampered(f"on the branch {self.branch.name}, {wrong}")
        if damaged := chain.broken(here, self.model):
            self.notes.append(f"{self.path} was damaged ({damaged}), and is as on the branch again")
        if damaged or here == there[: len(here)]:
            self._check_out(tip, there)
        elif there == here[: len(there)]:
            self._commit(tip, here, len(there))
        elif moved.exists():
            self._check_out(tip, there)
        else:
            raise self._tampered(f"the branch {self.branch.name} has other lines than before")
        moved.unlink(missing_ok=True)

    def _commit(self, tip: str, lines: list[bytes], done: int) -> None:
        """Commit the lines behind the first `done`, each for itself."""
        entries, commit = [chain.entry_of(line) for line in lines], tip

        def files(draft: Draft, number: int) -> None:
            draft.add(self.acts.files(number))

        for count in range(done + 1, len(lines) + 1):
            commit = self.acts.commit(commit, entries[:count], files)
        self.branch.move(commit, tip, says(self.model, entries[-1]))
        self.acts.tag(commit, entries)
        for path in abandoned(self.branch.root):  # e.g. by a registration that was killed
            cleared(path)

    def _check_out(self, tip: str, lines: list[bytes]) -> None:
        """Make the folder what the branch has: versions first, so that no line lacks its files."""
        entries = [chain.entry_of(line) for line in lines]
        for entry in entries:
            if entry.act == REGISTER:
                self._place(tip, entry)
        self.acts.tag(tip, entries)
        here, _ = self._lines()
        if not lines or (here == lines and (self.folder / HEAD).exists()):
            return
        alike = [mine for mine, theirs in zip(here, lines, strict=False) if mine == theirs]
        if 0 < len(alike) < len(here):  # a head that is right for both, for whoever reads meanwhile
            write_whole(self.folder / HEAD, told(entries[: len(alike)])[HEAD])
        if found := self.branch.blob(tip, f"{self.model}/{FORMAT_FILE}"):
            write_whole(self.folder / FORMAT_FILE, found)
        write_whole(self.path, b"".join(line + b"\n" for line in lines))
        write_whole(self.folder / HEAD, told(entries)[HEAD])

    def _place(self, tip: str, entry: LedgerEntry) -> None:
        """Put the files of a version in their place, unless they are there."""
        manifest, path = self.shelf.place(entry.version) / MANIFEST, self.acts.files(entry.version)
        if manifest.is_file() and digest(manifest) == entry.artefact:
            return
        target = self.branch.root / f".{os.getpid()}.{os.urandom(4).hex()}.files"
        try:
            self.branch.extract(tip, self.branch.names(tip, path, deep=True), target)
            if (target / path).is_dir():
                self.shelf.folder.mkdir(parents=True, exist_ok=True)
                self.shelf.put(target / path, entry.version)
        except MlopsError as error:
            why = error.problems[0].found
            self.notes.append(f"the files of version {entry.version} could not be had: {why}")
        finally:
            self.branch.tidy()

    def _tampered(self, wrong: str) -> MlopsError:
        name = self.branch.name
        return fail(
            "ledger-broken",
            f"The history of {self.model} is not as it was written: {wrong}.",
            where=f"{self.branch.repository.top}, {name}:{self.acts.place}",
            found=wrong,
            accepted="lines that were only ever added, by mlops",
            next_step=f"git log -p {name} shows who did it; "
            f"git branch --force {name} COMMIT goes back to before",
            exit_code=REFUSED,
        )

    # The remote.

    def _push(self) -> None:
        """Push what waits; where others were first, bring theirs in and try again."""
        remote = self.branch.remote
        for _ in range(TRIES):
            tip = self.branch.tip()
            if remote is None or not tip or tip == self.branch.tip(remote.ref):
                return
            answer = remote.push(tip, self._unpushed(remote), has_large=self._has_large(tip))
            if not answer:
                return
            if answer == BEHIND and remote.fetch(self.model):
                self._bring_in(remote)
            if remote.away:
                break
        if remote is not None:
            why = remote.away or "others push all the time"
            self._tell_once(f"not pushed to {remote.name} yet ({why}): the next command does")

    def _tell_once(self, note: str) -> None:
        """A command that acts several times says so once."""
        if note not in self._told:
            self._told.add(note)
            self.notes.append(note)

    def _unpushed(self, remote: Remote) -> list[str]:
        """Tags of versions that the remote does not have."""
        theirs = self.branch.tip(remote.ref)
        which = [f"--no-merged={theirs}"] if theirs else []
        return sorted(tag for model in self.others() for tag in self.branch.tags(model, *which))

    def _has_large(self, tip: str) -> bool:
        return b"filter=lfs" in (self.branch.blob(tip, ATTRIBUTES) or b"")

    def _bring_in(self, remote: Remote) -> None:
        """Let branch and folder have what was fetched; tell what became of our own acts."""
        for model, replay in meet(self.branch, remote).items():
            self._became |= replay.became
            for old, number in replay.numbers.items():
                if old != number:
                    self.notes.append(f"version {old} of {model}, not pushed yet, is {number} now")
            names = held(replay.entries)
            for entry in replay.lost:
                now = names.get(entry.alias)
                who = f"{now.who} gave it to version {now.version}" if now else "it was taken away"
                what = says(model, replay.as_numbered(entry))
                self.notes.append(f"undone, somebody else was faster ({who}): {what}")
            if model == self.model:
                moved = {old: new for old, new in replay.numbers.items() if old != new}
                self.renumbered = {**self.renumbered, **moved}
        self._put_in_line()
