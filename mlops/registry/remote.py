"""The remote of a branch: what others did is fetched from it, and what is done here is pushed.

Nothing depends on it: whatever it answers, or does not, an act stands here first. One that was
away once is not asked again by the same command.
"""

from __future__ import annotations

from mlops.core.errors import closest, fail, listed
from mlops.registry.repository import Answer, Repository

BEHIND = "behind"
# What Git says, in the language C, if somebody else pushed first, or is pushing right now.
_OUTRUN = (
    *("fetch first", "non-fast-forward", "stale info", "cannot lock ref"),
    *("failed to update ref", "incorrect old value", "reference already exists"),
)


class Remote:
    """A remote, as far as one branch is concerned.

    Parameters
    ----------
    repository : Repository
    name : str
    branch : str
    timeout_s : float
        For one exchange.

    Attributes
    ----------
    away : str
        Why it is not asked any more; empty if it answers.
    """

    def __init__(self, repository: Repository, name: str, branch: str, timeout_s: float) -> None:
        self.repository, self.name, self.branch = repository, name, branch
        self.timeout_s, self.away = timeout_s, ""
        self.ref = f"refs/remotes/{name}/{branch}"

    def fetch(self, model: str) -> bool:
        """Bring in their branch and the tags of one model; False if it is away."""
        if self.away:
            return False
        specs = [f"+refs/heads/{self.branch}:{self.ref}", _tags(model)]
        answer = self._exchange(
            "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", self.name, *specs
        )
        if answer.code and "couldn't find remote ref" in answer.err:  # nobody has pushed yet
            self.repository.ask("update-ref", "-d", self.ref)
        elif answer.code and "cannot lock ref" not in answer.err:  # another command fetches too
            self.away = answer.why
        return not self.away

    def push(self, commit: str, tags: list[str], *, has_large: bool) -> str:
        """Make their branch ours, all of it or nothing.

        Parameters
        ----------
        commit : str
        tags : list of str
        has_large : bool
            Whether files are kept in Git LFS.

        Returns
        -------
        str
            Empty if it is; ``behind`` if somebody else was first; else what the remote says.
        """
        if self.away:
            return self.away
        if has_large:
            large = self._exchange("lfs", "push", self.name, f"refs/heads/{self.branch}")
            if large.code:
                self.away = large.why
                return self.away
        specs = [f"{commit}:refs/heads/{self.branch}", *(f"+refs/tags/{each}" for each in tags)]
        answer = self._exchange("push", "--porcelain", "--atomic", self.name, *specs)
        if not answer.code:
            return ""
        told = answer.out.decode(errors="replace") + answer.err
        if any(each in told for each in _OUTRUN):
            return BEHIND
        self.away = _refusal(answer)
        return self.away

    def _exchange(self, *words: str) -> Answer:
        return self.repository.ask(*words, wait_s=self.timeout_s)


def named(repository: Repository, name: str | None, branch: str, timeout_s: float) -> Remote | None:
    """The remote of this name; None where the repository has no remotes, or none is wanted.

    Raises
    ------
    MlopsError
        It has others, but not this one.
    """
    known = repository.get("remote").decode().split()
    if name is None or not known:
        return None
    if name not in known:
        nearest = closest(name, known) or known[0]
        raise fail(
            "no-remote",
            f"The repository has no remote {name[:60]}.",
            where="registry.remote",
            found=name[:60],
            accepted=f"{listed(known)}, or null to push nothing",
            closest=nearest,
            next_step=f"write registry.remote={nearest}",
        )
    return Remote(repository, name, branch, timeout_s)


def _tags(model: str) -> str:
    return f"+refs/tags/{model}/*:refs/tags/{model}/*"


def _refusal(answer: Answer) -> str:
    """Why a push was refused: what the server's own rules say, if they say something."""
    lines = [each.split("\t")[-1] for each in answer.out.decode(errors="replace").splitlines()]
    told = [each for each in lines if each.startswith("[remote rejected]")]
    said = [each[8:].strip() for each in answer.err.splitlines() if each.startswith("remote: ")]
    says = next((each for each in said if each), "")
    if not told:
        return answer.why
    return f"{told[0].removeprefix('[remote rejected] ')}{': ' + says if says else ''}"[:200]
