"""Whose mistake an exception is that nobody expected: the project's own code's, or ours."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from mlops.core.errors import BUG, USER, Problem
from mlops.core.paths import PACKAGE


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
