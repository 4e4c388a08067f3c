"""Gates as they are written: conditions on metrics, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mlops.core.errors import Problem, closest, listed

MARGIN = "not_worse_than_champion_by"
CONDITIONS = ("min", "max", "better_than_baseline", MARGIN, "worst_slice_min", "worst_slice_max")
ARTEFACT = ("size_mb", "latency_ms")  # in the place of a metric: what the model's file takes
EXAMPLES = (
    "METRIC: {min: NUMBER, max: NUMBER, better_than_baseline: true, "
    f"{MARGIN}: NUMBER, worst_slice_min: NUMBER, worst_slice_max: NUMBER}}, "
    "size_mb: {max: NUMBER}, latency_ms: {max: NUMBER}"
)


def asked(gates: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """What the gates need that costs something: ``rival``, ``footprint``.

    >>> asked({"rmse": {"max": 6}, "size_mb": {"max": 10}})
    ('footprint',)
    """
    rival = any(conditions.get(MARGIN) is not None for conditions in gates.values())
    measured = any(gates.get(name, {}).get("max") is not None for name in ARTEFACT)
    return ("rival",) * rival + ("footprint",) * measured


def problems(gates: dict[str, Any], names: tuple[str, ...], has_slices: bool) -> list[Problem]:
    """What is wrong with the gates as they are written.

    Parameters
    ----------
    gates : dict
        Metric, or ``size_mb`` or ``latency_ms``, to its conditions.
    names : tuple of str
        The metrics there are.
    has_slices : bool
        Whether slice columns are named.
    """
    found = []
    for name, conditions in gates.items():
        accepted = ("max",) if name in ARTEFACT else CONDITIONS
        if name not in (*names, *ARTEFACT):
            says = f"There is no metric {name}."
            found.append(_unknown("unknown-metric", says, str(name), (*names, *ARTEFACT)))
        elif not isinstance(conditions, dict):
            says = f"The gate on {name} needs conditions."
            found.append(_unknown("bad-gate", says, f"{name}: {conditions}", accepted))
        else:
            found += _bad_conditions(name, conditions, accepted, has_slices)
    return found


def _bad_conditions(
    name: str, conditions: dict[str, Any], accepted: tuple[str, ...], has_slices: bool
) -> Iterator[Problem]:
    for condition, value in conditions.items():
        where = f"{name}.{condition}"
        if condition not in accepted:
            says = f"A gate on {name} has no condition {condition}."
            yield _unknown("unknown-condition", says, where, accepted)
        elif says := _bad_value(where, condition, value, has_slices):
            yield _unknown("bad-gate", says, f"{where}: {value}", ())
    low, high = (conditions.get(end) for end in ("min", "max"))
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        says = f"No value of {name} can meet this gate."
        yield _unknown("bad-gate", says, f"{name}: min {low} above max {high}", ())


def _bad_value(where: str, condition: str, value: Any, has_slices: bool) -> str:
    """What is wrong with the value of one condition; empty if nothing."""
    if condition == "better_than_baseline":
        return "" if isinstance(value, bool) else f"{where} is true or false."
    if value is not None and not _is_number(value):
        return f"{where} is a number."
    if condition == MARGIN and value is not None and value < 0:
        return f"{where} is 0 or more: by how much the new model may be worse."
    if where.startswith(ARTEFACT) and value is not None and value <= 0:
        return f"{where} is more than 0: every model takes something."
    if condition.startswith("worst_slice") and not has_slices:
        return f"The gate {where} has no slices to look at: evaluator.slices is empty."
    return ""


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _unknown(code: str, says: str, found: str, accepted: tuple[str, ...]) -> Problem:
    key = found.partition(":")[0]
    example = f"{{rmse: {{{MARGIN}: 0.1}}}}" if key.endswith(MARGIN) else "{rmse: {max: 6.0}}"
    example = f"{{{key.partition('.')[0]}: {{max: 20}}}}" if key.startswith(ARTEFACT) else example
    return Problem(
        code=code,
        says=says,
        where="evaluator.gates",
        found=found,
        accepted=listed(accepted, most=20) or EXAMPLES,
        closest=closest(key.rpartition(".")[2], accepted),
        next_step=f"correct evaluator.gates, e.g. gates: {example}",
    )
