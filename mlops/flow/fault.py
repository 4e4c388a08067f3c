"""Whose mistake an exception is that nobody expected: the system's, the project's code's, ours."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from mlops.core.errors import BUG, ENVIRONMENT, USER, Problem
from mlops.core.paths import PACKAGE

_OF_THE_SYSTEM = "EACCES EPERM EROFS ENOSPC EDQUOT EFBIG EIO EMFILE ENFILE ENAMETOOLONG ENOTDIR"
_SYSTEM = {getattr(errno, name, None) for name in _OF_THE_SYSTEM.split()}


def is_of_system(error: BaseException) -> bool:
    """Whether the disk or its rights are to blame, whoever asked for the file."""
    return isinstance(error, OSError) and error.errno in _SYSTEM


def fault(error: BaseException, project: Path, *, where: str, again: str) -> Problem:
    """The problem that tells of `error`.

    Parameters
    ----------
    error : BaseException
    project : pathlib.Path
        Code that lies here, and not in an environment inside it, is the project's own.
    where : str
        Told where the mistake is ours.
    again : str
        How to see the stack trace, e.g. "run it again with --debug".
    """
    if isinstance(error, OSError) and is_of_system(error):
        return Problem(
            code="system-refused",
            says="The system refuses to read or write a file.",
            where=str(error.filename or where or "this command"),
            found=error.strerror or str(error),
            accepted="a place that you may read and write, on a disk with room",
            next_step="look at its rights and at the room on the disk, then run the command again",
            exit_code=ENVIRONMENT,
        )
    found = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    own = list(_own_lines(error, project))
    if own:
        return Problem(
            code="own-code-failed",
            says=f"Code of this project raised {type(error).__name__}.",
            where=own[-1],
            found=found,
            accepted="code that runs to its end",
            next_step=f"correct it; to see how it came there, {again}",
            exit_code=USER,
        )
    return Problem(
        code="bug",
        says="mlops itself failed; this is not your mistake.",
        where=where,
        found=found,
        accepted="-",
        next_step=f"{again}, and report what that prints",
        exit_code=BUG,
    )


def _own_lines(error: BaseException, project: Path) -> Iterator[str]:
    """``file:line`` of the frames in the project's own code, the outermost first."""
    project = project.resolve()
    elsewhere = (PACKAGE, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        inside = path.is_absolute() and path.is_relative_to(project)
        if inside and not any(path.is_relative_to(each) for each in elsewhere):
            yield f"{path.relative_to(project)}:{frame.lineno}"
