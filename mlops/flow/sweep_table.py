"""The jobs of a sweep side by side: what sets them apart, which is best, one row each."""

from __future__ import annotations

from typing import Any

from mlops.config.job import Job
from mlops.core.record import Result
from mlops.core.report import rounded


def varying(jobs: list[Job]) -> list[str]:
    """Keys whose words differ between the jobs, in the order typed."""
    keys: dict[str, set[str]] = {}
    for job in jobs:
        for word in job.words:
            key, _, value = word.partition("=")
            keys.setdefault(key.lstrip("+"), set()).add(value)
    return [key for key, values in keys.items() if len(values) > 1]


def value_of(job: Job, key: str) -> str:
    """What the words of `job` say of `key`."""
    for word in reversed(job.words):
        if word.lstrip("+").startswith(f"{key}="):
            return word.partition("=")[2]
    return "-"


def told(result: Result) -> str:
    """What became of a job, in a few words."""
    if result.problems:
        return f"{result.problems[0]['code']}: {result.problems[0]['says']}"
    primary = result.metrics[0]
    return f"{primary['name']} {rounded(primary['value'])}, {result.outcome}"


def row(job: Job, result: Result, varied: list[str]) -> dict[str, Any]:
    """One job: what sets it apart, its primary metric, its outcome."""
    found: dict[str, Any] = {key: value_of(job, key) for key in varied}
    for metric in result.metrics[:1]:
        found |= {"metric": metric["name"], "test": metric["value"], "baseline": metric["baseline"]}
    found |= {"outcome": result.outcome, "seconds": round(result.seconds, 2), "run": result.key}
    return found


def rank(result: Result) -> tuple[bool, float]:
    """Sort key of results with one primary metric: the best first, those without one last.

    Ranked in cross-validation: a choice made by the test part would make its score too good.
    """
    if not result.metrics:
        return (True, 0.0)
    primary = result.metrics[0]
    value = primary["value"] if primary["cv_mean"] is None else primary["cv_mean"]
    if value != value:
        return (True, 0.0)
    return (False, -value if primary["greater_is_better"] else value)
