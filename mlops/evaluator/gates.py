"""Gates as they are written: conditions on metrics, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mlops.core.errors import Problem, closest, listed

MARGIN = "not_worse_than_champion_by"
CONDITIONS = ("min", "max", "better_than_baseline", MARGIN, "worst_slice_min", "worst_slice_max")
ARTEFACT = ("size_mb", "latency_ms")  # in the place of a metric: what the model's file takes


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
            says, known = f"There is no metric {name}.", (*names, *ARTEFACT)
            found.append(_problem("unknown-metric", says, str(name), listed(known, 20), known))
        elif not isinstance(conditions, dict):
            says = f"The gate on {name} needs conditions."
            found.append(_problem("bad-gate", says, name, listed(accepted), (), conditions))
        else:
            found += _bad_conditions(name, conditions, accepted, has_slices)
    return found


def _bad_conditions(
    name: str, conditions: dict[str, Any], accepted: tuple[str, ...], has_slices: bool
) -> Iterator[Problem]:
    for condition, value in conditions.items():
        key = f"{name}.{condition}"
        if condition not in accepted:
            says = f"A gate on {name} has no condition {condition}."
            yield _problem("unknown-condition", says, key, listed(accepted), accepted)
        elif fits := _misfit(key, condition, value, has_slices):
            yield _problem("bad-gate", f"{key} wants {fits}.", key, fits, (), value)
    low, high = (conditions.get(end) for end in ("min", "max"))
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        says = f"No value of {name} can meet this gate."
        yield _problem("bad-gate", says, name, "min below max", (), f"min {low} above max {high}")


def _misfit(key: str, condition: str, value: Any, has_slices: bool) -> str:
    """What one condition has to be, where it is not; empty where it is."""
    if condition == "better_than_baseline":
        return "" if isinstance(value, bool) else "true or false"
    if value is None:
        return ""
    if condition == MARGIN and not (_is_number(value) and value >= 0):
        return "a number, 0 or more: by how much the new model may be worse"
    if key.startswith(ARTEFACT) and not (_is_number(value) and value > 0):
        return "a number above 0"
    if not _is_number(value):
        return "a number"
    if condition.startswith("worst_slice") and not has_slices:
        return "slices to look at: columns in evaluator.slices"
    return ""


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _problem(
    code: str, says: str, key: str, accepted: str, words: tuple[str, ...], value: Any = ""
) -> Problem:
    name, _, condition = key.partition(".")
    example = f"{{{MARGIN}: 0.1}}" if "worse" in condition else "{max: 6.0}"
    metric = closest(name, words) or words[0] if code == "unknown-metric" else name
    return Problem(
        code=code,
        says=says,
        where=f"evaluator.gates.{key}",
        found=f"{key}: {value}" if value != "" else key,
        accepted=accepted,
        closest=closest(condition or name, words),
        next_step=f"correct evaluator.gates, e.g. gates: {{{metric}: {example}}}",
    )
