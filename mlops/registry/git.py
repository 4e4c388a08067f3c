"""Models whose gates pass become versions on a branch of a Git repository."""

from __future__ import annotations

from pathlib import Path

from mlops.core.errors import fail
from mlops.core.paths import SAFE_NAME
from mlops.registry.branch import Branch, usable
from mlops.registry.draft import is_large, needs_lfs
from mlops.registry.git_ledger import GitLedger
from mlops.registry.remote import named
from mlops.registry.repository import Repository
from mlops.registry.safe_names import safe_name
from mlops.registry.versions import Versions


class Git:
    """Registry that commits each act: a version with its files, a name that is moved.

    The branch holds ``FOLDER/NAME/ledger.jsonl``, ``aliases.json`` and ``versions/7/…``; version 7
    has the tag ``NAME/v7``. Git stores what is alike once, by its content; what the repository
    keeps in Git LFS goes there. Who has no name in Git's configuration commits as the login name.

    Parameters
    ----------
    name : str, optional
        Registered model; None takes the run's own name.
    repository : str, optional
        A folder in the repository; None means the current one.
    folder : str
        Of the branch; a safe file name.
    branch : str, optional
        Made if it is missing; None takes the one that is checked out.
    remote : str, optional
        Fetched from and pushed to; None for none.
    timeout_s : float, > 0
        For one exchange with the remote.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        repository: str | None = None,
        folder: str = "models",
        branch: str | None = "models",
        remote: str | None = "origin",
        timeout_s: float = 20,
    ) -> None:
        self.name = name
        self.repository = repository
        self.folder = folder
        self.branch = branch
        self.remote = remote
        self.timeout_s = timeout_s
        self._opened: dict[str, Versions] = {}

    def registers(self, name: str, report_passed: bool) -> str:
        """The registered model that the run's model becomes a version of; empty for none.

        Raises
        ------
        MlopsError
            The name is not one that every store and file system takes, or no tag can have it.
        """
        chosen = name if self.name is None else self.name
        safe_name("registered model", chosen)
        if ".." in chosen or chosen.endswith((".", ".lock")):
            raise fail(
                "bad-model-name",
                "No tag in Git can have this name.",
                where="registry.name",
                found=repr(chosen)[:80],
                accepted="no two dots in a row, no dot and no .lock at the end",
                next_step="choose such a name",
            )
        return chosen if report_passed else ""

    def check(self) -> None:
        """Make sure that versions could be kept, without asking the remote.

        Raises
        ------
        MlopsError
            There is no repository, no such branch can be made, no such remote is known, or Git
            LFS is wanted and not there.
        """
        branch = self._branch()
        if is_large(branch.repository, f"{self.folder}/model/versions/1/model/model.skops"):
            needs_lfs(branch.repository)

    def versions(self, outputs: Path, name: str) -> Versions:
        """The versions of the model that runs called `name` register, whatever they found.

        What others pushed is brought in first, and what waits here is pushed.
        """
        chosen = self.registers(name, True)
        if chosen not in self._opened:
            ledger = GitLedger(self._branch(), chosen)
            ledger.refresh()
            self._opened[chosen] = Versions(outputs, chosen, ledger=ledger)
        return self._opened[chosen]

    def kept(self, outputs: Path) -> tuple[list[Versions], str, list[str]]:
        """The versions of all models, as this clone has them; where they stand; what waits."""
        branch = self._branch()
        known = [GitLedger(branch, name) for name in GitLedger(branch, "any").others()]
        for ledger in known:
            with ledger.locked():
                pass  # puts the files in line with the branch
        told = [note for ledger in known for note in ledger.take_notes()]
        if branch.remote is not None and branch.tip() != branch.tip(branch.remote.ref):
            told.append(f"{branch.name} is not as on {branch.remote.name}")
        found = [Versions(outputs, each.model, ledger=each) for each in known]
        return found, f"on the branch {branch.name} of {branch.repository.top}", told

    def _branch(self) -> Branch:
        if not SAFE_NAME.match(self.folder):
            raise fail(
                "bad-folder",
                "Versions cannot be kept in this folder.",
                where="registry.folder",
                found=repr(self.folder)[:80],
                accepted="one safe file name",
                next_step="write registry.folder=models",
            )
        repository = Repository(Path(self.repository or ".").resolve())
        name = self.branch or _current(repository)
        usable(repository, name)
        remote = named(repository, self.remote, name, self.timeout_s)
        return Branch(repository, name, self.folder, remote)


def _current(repository: Repository) -> str:
    """Name of the branch that is checked out.

    Raises
    ------
    MlopsError
        None is.
    """
    answer = repository.ask("symbolic-ref", "--short", "HEAD")
    if not answer.code:
        return answer.out.decode().strip()
    raise fail(
        "no-branch",
        "The work tree is on no branch, so nothing could be committed to it.",
        where="registry.branch",
        found=f"a detached HEAD in {repository.top}",
        accepted="a name, or a work tree with a branch",
        next_step="git switch BRANCH, or write registry.branch=models",
    )
