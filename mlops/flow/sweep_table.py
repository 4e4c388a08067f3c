"""The jobs of a sweep side by side: what sets them apart, which is best, one row each."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

from mlops.config.job import Job
from mlops.core.record import Result
from mlops.core.report import rounded
from mlops.core.secret import masked

DRAWN = re.compile(r"^-?\d+\.\d{6,}(e[-+]?\d+)?$")  # by a sampler: no table needs all digits
SHORT = 8  # digits of a run key that tell it from all others


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
            return masked(word.partition("=")[2])
    return "-"


def said(job: Job, varied: list[str]) -> str:
    """What sets `job` apart from the other jobs, in the keys that are varied."""
    return " ".join(f"{key}={_short(value_of(job, key))}" for key in varied) or job.name


def _short(value: str) -> str:
    """A drawn number as sentences tell it; what somebody typed stays as it is."""
    return rounded(float(value)) if DRAWN.match(value) else value


def score(result: Result) -> float:
    """The primary metric that jobs are ranked by: in cross-validation, where there is one.

    A choice made by the test part would make its score there too good.
    """
    if not result.metrics:
        return math.nan
    primary = result.metrics[0]
    value = primary["value"] if primary["cv_mean"] is None else primary["cv_mean"]
    return math.nan if value is None else float(value)


def named(result: Result, value: float) -> str:
    """`value` with the name of the primary metric."""
    return f"{result.metrics[0]['name']} {rounded(value)}"


def told(result: Result) -> str:
    """What became of a job, in a few words."""
    if result.problems:
        return f"{result.problems[0]['code']}: {result.problems[0]['says']}"
    if not result.metrics:
        return result.outcome
    value = result.metrics[0]["value"]
    return f"{named(result, math.nan if value is None else value)}, {result.outcome}"


def row(job: Job, result: Result, varied: list[str]) -> dict[str, Any]:
    """One job: what sets it apart, its primary metric, its outcome, its run in short."""
    found: dict[str, Any] = {}
    for key in varied:
        value = value_of(job, key)
        found[key] = float(value) if DRAWN.match(value) else value
    for metric in result.metrics[:1]:
        found |= {"metric": metric["name"], "cv": metric["cv_mean"], "test": metric["value"]}
        found |= {"baseline": metric["baseline"]}
    found |= {"outcome": result.outcome, "seconds": round(result.seconds, 2)}
    return {**found, "run": result.key[-SHORT:]}


def rows(ended: list[tuple[Job, Result]], varied: list[str]) -> list[dict[str, Any]]:
    """One row for each job, the best of each experiment first; all with the same keys."""
    ranked = sorted(ended, key=lambda pair: (pair[1].name, rank(pair[1])))
    found = [row(job, result, varied) for job, result in ranked]
    order = [*varied, "metric", "cv", "test", "baseline", "outcome", "seconds", "run"]
    keys = [key for key in order if any(each.get(key) is not None for each in found)]
    return [{key: each.get(key) for key in keys} for each in found]


def as_csv(table: list[dict[str, Any]]) -> str:
    """The table as a file for other programs."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]) if table else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def rank(result: Result) -> tuple[bool, float]:
    """Sort key of results with one primary metric: the best first, those without one last."""
    value = score(result)
    if math.isnan(value):
        return (True, 0.0)
    return (False, -value if result.metrics[0]["greater_is_better"] else value)
