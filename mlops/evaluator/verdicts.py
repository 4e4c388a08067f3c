"""Gates as they are judged: each condition, with the number that it met or missed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops.core.report import Footprint, Gate, Metric, rounded
from mlops.evaluator.gates import ARTEFACT, MARGIN

if TYPE_CHECKING:
    from mlops.evaluator.leak import Suspects
    from mlops.evaluator.rivalry import Rivalry

ADVISORY = " (not judged in smoke mode)"


@dataclass(frozen=True)
class Evidence:
    """What the gates look at.

    Parameters
    ----------
    metrics : tuple of Metric
    slices : tuple of dict
        Groups marked ``small`` are not looked at.
    leaks : Suspects or None
        None: not looked for.
    rivalry : Rivalry or None
        None: nobody told which model is in use.
    footprint : Footprint or None
        None: not measured.
    """

    metrics: tuple[Metric, ...]
    slices: tuple[dict[str, Any], ...] = ()
    leaks: Suspects | None = None
    rivalry: Rivalry | None = None
    footprint: Footprint | None = None

    def metric(self, name: str) -> Metric:
        """The metric called `name`."""
        return {metric.name: metric for metric in self.metrics}[name]


def verdicts(
    gates: dict[str, dict[str, Any]], evidence: Evidence, *, binding: bool
) -> tuple[Gate, ...]:
    """Judge every condition; an undefined metric meets none, nor does what was not looked for.

    Parameters
    ----------
    gates : dict
        Metric, or ``size_mb`` or ``latency_ms``, to its conditions.
    evidence : Evidence
    binding : bool
        False: a gate that is not met says so, and passes.
    """
    judged = [
        _judge(name, condition, value, evidence)
        for name, conditions in gates.items()
        for condition, value in conditions.items()
        if value is not None and value is not False
    ]
    if evidence.leaks is not None:
        judged.append(evidence.leaks.gate())
    if binding:
        return tuple(judged)
    return tuple(map(_shown, judged))


def _shown(gate: Gate) -> Gate:
    """`gate` as it stands where nothing is judged."""
    says = gate.says if gate.passed else f"not met: {gate.says}"
    return Gate(gate.name, True, says + ADVISORY, waived=not gate.passed)


def _judge(name: str, condition: str, value: Any, evidence: Evidence) -> Gate:
    if name in ARTEFACT:
        return _footprint(name, value, evidence.footprint)
    metric = evidence.metric(name)
    if condition == "better_than_baseline":
        return _baseline(metric)
    if condition == MARGIN:
        return _rival(name, value, evidence.rivalry)
    at_least = condition.endswith("min")
    sign = "≥" if at_least else "≤"
    if condition.startswith("worst_slice"):
        return _worst_slice(name, value, at_least, sign, evidence.slices)
    met = metric.value >= value if at_least else metric.value <= value
    return Gate(f"{name} {sign} {value:g}", bool(met), _said(metric))


def _rival(name: str, margin: float, rivalry: Rivalry | None) -> Gate:
    if rivalry is None:
        label = f"{name} not worse than champion by {margin:g}"
        return Gate(label, False, "nobody told which model is in use")
    return rivalry.gate(name, margin)


def _footprint(name: str, most: float, footprint: Footprint | None) -> Gate:
    """A megabyte is a million bytes."""
    label = f"{name} ≤ {most:g}"
    if footprint is None:
        return Gate(label, False, f"{name} was not measured")
    if name == "size_mb":
        size = footprint.size_bytes
        return Gate(label, size / 1e6 <= most, f"the model's file has {size:,} bytes")
    took = 1e3 * footprint.latency_s
    says = f"one row takes {rounded(took)} ms, the median of warm answers of the whole pipeline"
    return Gate(label, took <= most, says)


def _said(metric: Metric) -> str:
    if math.isnan(metric.value):
        return f"{metric.name} is undefined for these rows"
    return f"{metric.name} is {rounded(metric.value)}"


def _baseline(metric: Metric) -> Gate:
    trivial = math.nan if metric.baseline is None else metric.baseline
    better = metric.value > trivial if metric.greater_is_better else metric.value < trivial
    # A trivial model may leave a metric undefined; any number is then more than it offers.
    met = bool(better) or (math.isnan(trivial) and math.isfinite(metric.value))
    says = f"{_said(metric)}; the trivial model has {rounded(trivial)}"
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
    group = f"{worst['column']} = {worst['value']} ({worst['rows']} rows)"
    says = f"worst: {rounded(worst[name])} for {group}"
    return Gate(label, bool(met), says)
