"""What a run took place in: code state, packages, machine."""

from __future__ import annotations

import functools
import platform
import subprocess
import sys
from pathlib import Path

MOST_DIFF = 1_000_000
_NO_RESULTS = ":(exclude)outputs"
_NOT_IN_DIFF = (":(exclude,glob)**/.env*", ":(exclude,glob)**/*secret*", _NO_RESULTS)


def git(project: Path, *words: str) -> str:
    """Output of a git command in `project`; empty where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *words],
            capture_output=True,
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def code_state(project: Path) -> tuple[dict[str, str], str]:
    """Tags that name the commit, and the uncommitted difference as text.

    Files whose names speak of secrets, and those that Git does not know yet, are left out of the
    difference; clean is only what has neither.
    """
    commit = git(project, "rev-parse", "HEAD").strip()
    if not commit:
        return {}, ""
    diff = git(project, "diff", "HEAD", "--", ".", *_NOT_IN_DIFF)
    branch = git(project, "rev-parse", "--abbrev-ref", "HEAD").strip()
    asked = ("--no-optional-locks", "status", "--porcelain", "--untracked-files=normal")
    changes = git(project, *asked, "--", ".", _NO_RESULTS)
    tags = {"git.commit": commit, "git.branch": branch, "git.clean": str(not changes).lower()}
    return tags, diff[:MOST_DIFF]


@functools.cache
def packages() -> str:
    """Every installed package, pinned, one a line.

    Read from the names of the metadata folders: opening each file takes a second.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        for path in Path(folder or ".").glob("*.dist-info"):
            name, _, version = path.stem.partition("-")
            found.setdefault(name.replace("_", "-").lower(), version)
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def machine() -> dict[str, str]:
    """Python and system, without names of hosts or people."""
    return {"python": platform.python_version(), "system": platform.system().lower()}
