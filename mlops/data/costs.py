"""What can be said of costs and the positive class before a row is read."""

from __future__ import annotations

import math
from typing import Any

from mlops.core.errors import Problem


def cost_problems(costs: dict[Any, float] | None) -> list[Problem]:
    """A problem for each cost that is none.

    >>> [each.found for each in cost_problems({"bad": 5, "good": -1})]
    ['-1']
    """
    return [
        Problem(
            code="cost-out-of-range",
            says="A cost is a number, at least 0.",
            where=f"data.costs.{label}",
            found=repr(cost)[:80],
            accepted="[0, inf)",
            next_step=f"data.costs.{label}=1",
        )
        for label, cost in (costs or {}).items()
        if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < math.inf
    ]


def no_classes(costs: dict[Any, float] | None, positive: Any) -> list[Problem]:
    """The problem with costs or a positive class where a number is to be predicted."""
    if not costs and positive is None:
        return []
    key = "data.costs" if costs else "data.positive"
    return [
        Problem(
            code="label-unknown",
            says="A number to predict has no classes.",
            where=key,
            found=str(costs or positive)[:80],
            accepted="nothing, for a regression",
            next_step=f"leave {key} out, or data.task=classification",
        )
    ]
