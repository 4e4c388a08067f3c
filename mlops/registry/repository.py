"""A Git repository, asked through its own program: no shell, no prompt, no endless wait."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mlops.core.errors import ENVIRONMENT, USER, MlopsError, fail
from mlops.core.secret import masked
from mlops.registry.ledger import who

LOCAL_S = 120.0
# What would point Git to another place than the one asked for, e.g. in a command run by a hook.
ELSEWHERE = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE"),
    *("GIT_QUARANTINE_PATH", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_GRAFT_FILE"),
    *("GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_SHALLOW_FILE"),
}
SETTINGS = (
    *("core.quotePath=false", "core.autocrlf=false", "core.symlinks=false"),
    *("core.fsync=committed,reference", "color.ui=false", "tag.gpgSign=false"),
    *("gc.auto=0", "maintenance.auto=false"),
)
STABLE = ("--literal-pathspecs", *(word for each in SETTINGS for word in ("-c", each)))


@dataclass(frozen=True)
class Answer:
    """What Git said.

    Parameters
    ----------
    code : int
        0 if it did what it was asked.
    out : bytes
    err : str
        Without passwords.
    """

    code: int
    out: bytes
    err: str

    @property
    def why(self) -> str:
        """The one line of `err` that tells most."""
        lines = [each.strip() for each in self.err.splitlines() if each.strip()]
        telling = [each for each in lines if each.startswith(("fatal:", "error:", "remote: error"))]
        return (telling or lines or [f"exit code {self.code}"])[0][:200]


class Repository:
    """A repository, found from any folder in it.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    MlopsError
        There is no ``git``, or the folder lies in no repository.

    Attributes
    ----------
    git_dir : pathlib.Path
        Where Git keeps everything, shared by all work trees.
    top : pathlib.Path
        Of the work tree; the folder itself where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise _no_repository(folder, "no such folder")
        answer = self.ask("rev-parse", "--path-format=absolute", "--git-common-dir")
        if answer.code:
            raise _no_repository(folder, answer.why)
        self.git_dir = _path(answer)
        top = self.ask("rev-parse", "--path-format=absolute", "--show-toplevel")
        self.top = folder if top.code else _path(top)
        self._person: dict[str, str] | None = None

    def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
        at: Path | None = None,
        wait_s: float = LOCAL_S,
    ) -> Answer:
        """Run ``git`` with these words, whatever comes of it.

        Parameters
        ----------
        *words : str
        stdin : bytes
        env : dict of str to str, optional
            Added to ours.
        at : pathlib.Path, optional
            Where it runs; by default in the folder.
        wait_s : float
            After so many seconds it is ended, with whatever it started.
        """
        try:
            process = subprocess.Popen(
                ["git", *STABLE, *words],
                cwd=at or self.folder,
                env=_surroundings(env or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal to ask for a password on
            )
        except FileNotFoundError as error:
            raise _no_git() from error
        try:
            out, err = process.communicate(stdin, timeout=wait_s)
        except subprocess.TimeoutExpired:
            _end(process)
            return Answer(-1, b"", f"no answer within {wait_s:g} s")
        except BaseException:
            _end(process)
            raise
        return Answer(process.returncode, out, masked(err.decode(errors="replace")))

    def get(
        self,
        *words: str,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
        wait_s: float = LOCAL_S,
    ) -> bytes:
        """What ``git`` answers to these words.

        Raises
        ------
        MlopsError
            It could not do it (exit code 4).
        """
        answer = self.ask(*words, stdin=stdin, env=env, wait_s=wait_s)
        if answer.code:
            raise git_failed(self.folder, words, answer)
        return answer.out

    def person(self) -> dict[str, str]:
        """Variables that say who commits: nothing where Git knows, else the login name."""
        if self._person is None:
            known = not self.ask("var", "GIT_COMMITTER_IDENT").code
            name, address = who(), f"{who().replace(' ', '.')}@localhost"
            self._person = {} if known else _as_both(name, address)
        return self._person


def git_failed(folder: Path, words: tuple[str, ...], answer: Answer) -> MlopsError:
    """Git would not do what it was asked."""
    return fail(
        "git-failed",
        f"git {words[0]} did not work.",
        where=str(folder),
        found=answer.why,
        accepted="a repository that can be written",
        next_step="mend it and repeat the command: what was begun is finished then",
        exit_code=ENVIRONMENT,
    )


def _path(answer: Answer) -> Path:
    return Path(os.fsdecode(answer.out.removesuffix(b"\n")))


def _surroundings(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **more}


def _as_both(name: str, address: str) -> dict[str, str]:
    roles = ("AUTHOR", "COMMITTER")
    return {
        f"GIT_{role}_{what}": value
        for role in roles
        for what, value in (("NAME", name), ("EMAIL", address))
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours with all that it started, e.g. the transport of a push."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.communicate()


def _no_git() -> MlopsError:
    return fail(
        "git-missing",
        "registry=git needs the program git, which is not there.",
        where="registry",
        found="no git on the path",
        accepted="git 2.31 or newer",
        next_step="install git, or leave registry=git out",
        exit_code=ENVIRONMENT,
    )


def _no_repository(folder: Path, why: str) -> MlopsError:
    return fail(
        "no-repository",
        "The folder lies in no Git repository.",
        where="registry.repository",
        found=f"{folder}: {why}",
        accepted="a folder in a Git repository",
        next_step=f"git init {folder}, or write registry.repository=OTHER_FOLDER",
        exit_code=USER,
    )
