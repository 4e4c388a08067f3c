"""The branch that holds the versions: read from any commit, and made longer by a commit.

A commit is made from a temporary index, so neither the index nor the files of any work tree take
part in it. Where the branch is checked out, the work tree then follows as far as it can without
touching anything that was changed there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops.core.errors import MlopsError, fail
from mlops.registry.draft import Draft
from mlops.registry.format import FILE as FORMAT_FILE
from mlops.registry.format import StoreFormat
from mlops.registry.remote import Remote
from mlops.registry.repository import Repository


class Branch:
    """A branch of a repository, and a folder of it.

    Parameters
    ----------
    repository : Repository
    name : str
    folder : str
        The first part of every path that is ours.
    remote : Remote or None

    Attributes
    ----------
    root : pathlib.Path
        What the branch holds lies here as files, for whoever reads them; made anew if missing.
    """

    def __init__(
        self, repository: Repository, name: str, folder: str, remote: Remote | None = None
    ) -> None:
        self.repository, self.name, self.folder, self.remote = repository, name, folder, remote
        self.ref = f"refs/heads/{name}"
        self.root = repository.git_dir / "mlops" / name
        self.notes: list[str] = []

    # What it holds.

    def tip(self, ref: str = "") -> str:
        """The commit that the branch, or `ref`, names; empty if there is none."""
        answer = self.repository.ask("rev-parse", "--verify", "--quiet", f"{ref or self.ref}^0")
        return answer.out.decode().strip()

    def lines(self, commit: str, model: str) -> list[bytes]:
        """The lines of a model's ledger at a commit; none where it has no ledger."""
        return (self.blob(commit, f"{model}/ledger.jsonl") or b"").split(b"\n")[:-1]

    def blob(self, commit: str, path: str) -> bytes | None:
        """A file of our folder at a commit; None where it is not."""
        place = f"{commit}:{self.folder}/{path}"
        answer = self.repository.ask("cat-file", "blob", place) if commit else None
        return answer.out if answer and not answer.code else None

    def refuse_newer(self, commit: str, model: str) -> None:
        """Make sure that no newer release wrote a model: its lines may not be what they seem.

        Raises
        ------
        MlopsError
            One did, or what says so cannot be understood (exit code 3).
        """
        text, where = self.blob(commit, f"{model}/{FORMAT_FILE}"), Path(f"{commit}:{self.folder}")
        if text is not None:
            StoreFormat.told(text, where / model).refuse_newer(where / model)

    def names(self, commit: str, path: str, *, deep: bool = False) -> list[str]:
        """Paths below the folder `path` at a commit."""
        if not commit:
            return []
        words = ["ls-tree", "-z", "--name-only", *(["-r"] if deep else []), commit, f"{path}/"]
        return os.fsdecode(self.repository.get(*words)).split("\0")[:-1]

    def models(self, commit: str) -> list[str]:
        """Names of the models that have a folder at a commit."""
        return [Path(path).name for path in self.names(commit, self.folder)]

    def is_behind(self, commit: str, other: str) -> bool:
        """Whether everything of `commit` is part of `other`."""
        if not commit or not other:
            return not commit
        return not self.repository.ask("merge-base", "--is-ancestor", commit, other).code

    def base(self, commit: str, other: str) -> str:
        """The last commit that both go back to; empty if there is none."""
        return self.repository.ask("merge-base", commit, other).out.decode().strip()

    def changes_more(self, before: str, after: str) -> bool:
        """Whether anything outside our folder differs between two commits."""
        start = before or self.repository.get("mktree").decode().strip()
        found = self.repository.get("diff-tree", "--name-only", "-z", start, f"{after}^{{tree}}")
        return bool({*os.fsdecode(found).split("\0")} - {self.folder, ""})

    # How it gets longer.

    @contextmanager
    def draft(self, commit: str) -> Iterator[Draft]:
        """Give the content of a commit, to be changed and committed."""
        self.root.mkdir(parents=True, exist_ok=True)
        index = self.root / f".{os.getpid()}.{os.urandom(4).hex()}.index"
        try:
            draft = Draft(self.repository, self.root, index, self.folder)
            if commit:
                self.repository.get("read-tree", commit, env=draft.env)
            yield draft
        finally:
            for path in (index, index.with_name(f"{index.name}.lock")):
                path.unlink(missing_ok=True)

    def move(self, commit: str, before: str, why: str) -> None:
        """Let the branch name `commit` instead of `before`.

        Raises
        ------
        MlopsError
            It names another one by now, or cannot be written (exit code 4).
        """
        none = "0" * len(commit)
        self.repository.get("update-ref", "-m", why, self.ref, commit, before or none)
        for place in self.checked_out():
            start = before or self.repository.get("mktree").decode().strip()
            answer = self.repository.ask("read-tree", "-m", "-u", start, commit, at=place)
            if answer.code:
                self.notes.append(f"the work tree {place} does not follow {self.name}: git status")

    def checked_out(self) -> list[Path]:
        """Work trees that have this branch."""
        told = os.fsdecode(self.repository.get("worktree", "list", "--porcelain"))
        trees = [each.split("\n") for each in told.split("\n\n")]
        found = [
            each[0].removeprefix("worktree ") for each in trees if f"branch {self.ref}" in each
        ]
        return [Path(each) for each in found if Path(each).is_dir()]

    def tag(self, name: str, commit: str, message: str) -> None:
        """Give a commit an annotated tag; one that cannot be given is told, and costs nothing."""
        words = ("tag", "--force", "--annotate", "--file=-", name, commit)
        answer = self.repository.ask(*words, stdin=message.encode(), env=self.repository.person())
        if answer.code:
            self.notes.append(f"no tag {name}: {answer.why}")

    def tags(self, model: str, *which: str) -> set[str]:
        """The tags of a model's versions; `which` are words of ``git for-each-ref``."""
        words = ("for-each-ref", "--format=%(refname:strip=2)", *which, f"refs/tags/{model}/v*")
        return set(self.repository.get(*words).decode().split())

    # Its files.

    def extract(self, commit: str, paths: Iterable[str], target: Path) -> None:
        """Write files of a commit below `target`, as a checkout would.

        Raises
        ------
        MlopsError
            They cannot be had, e.g. from the server of large files (exit code 4).
        """
        with self.draft(commit) as draft:
            words = ("checkout-index", "-f", "-z", "--stdin", f"--prefix={target}/")
            listed = b"\0".join(os.fsencode(path) for path in paths)
            wait_s = max(120.0, self.remote.timeout_s if self.remote else 0.0)
            self.repository.get(*words, stdin=listed, env=draft.env, wait_s=wait_s)

    def tidy(self) -> None:
        """Remove what a crash left; only under the lock."""
        for path in self.root.glob(".*.index*"):
            path.unlink(missing_ok=True)
        for path in self.root.glob(".*.files"):
            shutil.rmtree(path, ignore_errors=True)


def usable(repository: Repository, name: str) -> None:
    """Refuse a branch that Git could not make.

    Raises
    ------
    MlopsError
        It is no name for one, or another branch is in the way.
    """
    answer = repository.ask("check-ref-format", "--branch", name)
    if answer.code or name.startswith("-"):
        raise _bad_branch(name, answer.why, "another name")
    above = [str(each) for each in Path(name).parents if str(each) != "."]
    for ref in (f"refs/heads/{name}/", *(f"refs/heads/{each}" for each in above)):
        found = repository.ask("for-each-ref", "--count=1", "--format=%(refname:strip=2)", ref)
        other = found.out.decode().strip()
        if other and other != name and (ref.endswith("/") or other in above):
            raise _bad_branch(name, f"the branch {other} is in its way", "another name")


def _bad_branch(name: str, found: str, accepted: str) -> MlopsError:
    return fail(
        "bad-branch",
        "No branch can have this name.",
        where="registry.branch",
        found=f"{name[:80]!r}: {found}",
        accepted=accepted,
        next_step="write registry.branch=models, or another name",
    )
