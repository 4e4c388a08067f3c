"""Gates: conditions on metrics, read at check time and judged after scoring."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlops.core.errors import Problem, closest, listed
from mlops.core.report import Gate, Metric

if TYPE_CHECKING:
    from mlops.evaluator.leak import Suspects

CONDITIONS = ("min", "max", "better_than_baseline", "worst_slice_min", "worst_slice_max")
ADVISORY = " (not judged in smoke mode)"


def problems(gates: dict[str, Any], names: tuple[str, ...], has_slices: bool) -> list[Problem]:
    """What is wrong with the gates as they are written.

    Parameters
    ----------
    gates : dict
        Metric to its conditions.
    names : tuple of str
        The metrics there are.
    has_slices : bool
        Whether slice columns are named.
    """
    found = []
    for name, conditions in gates.items():
        if name not in names:
            found.append(_unknown("unknown-metric", f"There is no metric {name}.", name, names))
        elif not isinstance(conditions, dict):
            says = f"The gate on {name} needs conditions."
            found.append(_unknown("bad-gate", says, f"{name}: {conditions}", CONDITIONS))
        else:
            found += _bad_conditions(name, conditions, has_slices)
    return found


def _bad_conditions(name: str, conditions: dict[str, Any], has_slices: bool) -> Iterator[Problem]:
    for condition, value in conditions.items():
        where = f"{name}.{condition}"
        if condition not in CONDITIONS:
            says = f"A gate has no condition {condition}."
            yield _unknown("unknown-condition", says, where, CONDITIONS)
        elif condition == "better_than_baseline":
            if not isinstance(value, bool):
                yield _unknown("bad-gate", f"{where} is true or false.", f"{where}: {value}", ())
        elif value is not None and not _is_number(value):
            yield _unknown("bad-gate", f"{where} is a number.", f"{where}: {value}", ())
        elif condition.startswith("worst_slice") and not has_slices:
            says = f"The gate {where} has no slices to look at: evaluator.slices is empty."
            yield _unknown("bad-gate", says, where, ())
    low, high = conditions.get("min"), conditions.get("max")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        says = f"No value of {name} can meet this gate."
        yield _unknown("bad-gate", says, f"{name}: min {low} above max {high}", ())


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _unknown(code: str, says: str, found: str, accepted: tuple[str, ...]) -> Problem:
    return Problem(
        code=code,
        says=says,
        where="evaluator.gates",
        found=found,
        accepted=listed(accepted, most=20)
        or "METRIC: {min: NUMBER, max: NUMBER, "
        "better_than_baseline: true, worst_slice_min: NUMBER, worst_slice_max: NUMBER}",
        closest=closest(found.rsplit(".", 1)[-1], accepted),
        next_step="correct evaluator.gates, e.g. gates: {rmse: {max: 6.0}}",
    )


def verdicts(
    gates: dict[str, dict[str, Any]],
    metrics: tuple[Metric, ...],
    slices: tuple[dict[str, Any], ...],
    leaks: Suspects | None,
    *,
    binding: bool,
) -> tuple[Gate, ...]:
    """Judge every condition; an undefined metric meets none.

    Parameters
    ----------
    gates : dict
        Metric to its conditions.
    metrics : tuple of Metric
    slices : tuple of dict
        Groups marked ``small`` are not looked at.
    leaks : Suspects or None
        None: not looked for.
    binding : bool
        False: a gate that is not met says so, and passes.
    """
    known = {metric.name: metric for metric in metrics}
    judged = [
        _judge(known[name], condition, value, slices)
        for name, conditions in gates.items()
        for condition, value in conditions.items()
        if value is not None and value is not False
    ]
    if leaks is not None:
        judged.append(leaks.gate())
    if binding:
        return tuple(judged)
    return tuple(Gate(gate.name, True, _not_met(gate) + ADVISORY) for gate in judged)


def _not_met(gate: Gate) -> str:
    return gate.says if gate.passed else f"not met: {gate.says}"


def _judge(metric: Metric, condition: str, value: Any, slices: tuple[dict[str, Any], ...]) -> Gate:
    if condition == "better_than_baseline":
        return _baseline(metric)
    at_least = condition.endswith("min")
    sign = "≥" if at_least else "≤"
    if condition.startswith("worst_slice"):
        return _worst_slice(metric.name, value, at_least, sign, slices)
    met = metric.value >= value if at_least else metric.value <= value
    return Gate(f"{metric.name} {sign} {value:g}", bool(met), _said(metric))


def _said(metric: Metric) -> str:
    if math.isnan(metric.value):
        return f"{metric.name} is undefined for these rows"
    return f"{metric.name} is {metric.value:.4g}"


def _baseline(metric: Metric) -> Gate:
    trivial = math.nan if metric.baseline is None else metric.baseline
    better = metric.value > trivial if metric.greater_is_better else metric.value < trivial
    # A trivial model may leave a metric undefined; any number is then more than it offers.
    met = bool(better) or (math.isnan(trivial) and math.isfinite(metric.value))
    says = f"{_said(metric)}; the trivial model has {trivial:.4g}"
    return Gate(f"{metric.name} better than baseline", met, says)


def _worst_slice(
    name: str, value: float, at_least: bool, sign: str, slices: tuple[dict[str, Any], ...]
) -> Gate:
    label = f"{name} {sign} {value:g} in every slice"
    judged = [row for row in slices if not row["small"] and not math.isnan(row[name])]
    if not judged:
        return Gate(label, False, "no slice is large enough to be judged")
    worst = (min if at_least else max)(judged, key=lambda row: row[name])
    met = worst[name] >= value if at_least else worst[name] <= value
    says = (
        f"worst: {worst[name]:.4g} for {worst['column']} = {worst['value']} ({worst['rows']} rows)"
    )
    return Gate(label, bool(met), says)
