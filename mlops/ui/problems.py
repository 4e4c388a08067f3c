"""Errors on standard error, in five parts; coloured only where it is a terminal."""

from __future__ import annotations

import os
import sys

from mlops.core.errors import MlopsError, Problem
from mlops.ui.text import clean, encodable

RED, BOLD, DIM, NORMAL = "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def show_problems(error: MlopsError) -> None:
    """Print every problem of `error`.

    A terminal's moving line is taken away first. Line breaks inside a part are indented under it.

    Parameters
    ----------
    error : MlopsError
    """
    moving = sys.modules.get("mlops.ui.rich")
    if moving is not None:
        moving.stop_all()
    stream = sys.stderr
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    text = "\n".join(_told(problem, coloured) for problem in error.problems)
    stream.write(encodable(text + "\n", stream.encoding))
    stream.flush()


def _told(problem: Problem, coloured: bool) -> str:
    parts = {
        "where": problem.where,
        "found": problem.found,
        "accepted": problem.accepted,
        "closest": problem.closest or "-",
        "next": problem.next_step,
    }
    code, says = f"error[{clean(problem.code)}]", clean(problem.says)
    head = f"{RED}{BOLD}{code}{NORMAL} {BOLD}{says}{NORMAL}" if coloured else f"{code} {says}"
    lines = [head]
    for name, part in parts.items():
        indented = f"\n{'':<12}".join(clean(each) for each in str(part).splitlines() or [""])
        label = f"{DIM}{name:<9}{NORMAL}" if coloured else f"{name:<9}"
        lines.append(f"  {label} {indented}".rstrip())
    return "\n".join(lines)
