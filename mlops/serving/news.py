"""What people are told of a server, a line at a time."""

from __future__ import annotations

from mlops.core.errors import Problem
from mlops.core.serving import ENDED, READY, Status


def told(problem: Problem) -> str:
    """A problem in one line, what was found but once."""
    return problem.says if problem.found in problem.says else f"{problem.says} ({problem.found})"


def news(before: Status, now: Status) -> list[str]:
    """What is new, for people.

    >>> before = Status(pid=1, state="ready", url="http://127.0.0.1:8080")
    >>> serving = ({"version": 2, "role": "main", "path": "lowered"},)
    >>> news(before, Status(pid=1, state="ready", url=before.url, serving=serving))
    ['http://127.0.0.1:8080 serves main version 2 (lowered)']
    """
    if now.state == ENDED:
        return []  # whoever started the server tells it
    if now.state != before.state and now.state != READY:
        return [now.state]
    lines = []
    if now.serving != before.serving or now.state != before.state:
        served = ("{role} version {version} ({path})".format(**each) for each in now.serving)
        lines.append(f"{now.url} serves {', '.join(served)}")
    lines += [each for each in now.waits if each not in before.waits]
    if now.problem and now.problem != before.problem:
        lines.append(f"not served: {now.problem}")
    return lines
