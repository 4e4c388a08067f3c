"""Gathers what the report page shows; sensitive values have no place in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mlops.core.record import Result
from mlops.core.secret import masked
from mlops.flow.road import Verdict
from mlops.flow.surroundings import machine


def page(verdict: Verdict, result: Result, tags: dict[str, str]) -> str:
    """The report page of one run, one HTML document."""
    from mlops.ui.page import render

    return render(verdict.report, title=result.name, facts=_facts(verdict, result, tags))


def _facts(verdict: Verdict, result: Result, tags: dict[str, str]) -> dict[str, Any]:
    from mlops.ui.profile import profile

    job, prepared = verdict.job, verdict.prepared
    reasons = Counter(prepared.enforced.quarantined["reason"].astype(str))
    put_aside = len(prepared.enforced.quarantined)
    return {
        "summary": {
            "recipe": job.choices["recipe"],
            "data": prepared.dataset.source,
            "model": job.choices["model"],
            "mode": job.choices["mode"],
            "run": result.key,
        },
        "profile": profile(prepared.dataset),
        "quarantine": {
            "rows": put_aside,
            "checked": put_aside + len(prepared.enforced.dataset.frame),
            "reasons": dict(reasons.most_common(50)),
        },
        "cleaning": {
            "touched": without_bounds(verdict),
            "rows_dropped": verdict.front.told["rows_dropped"],
        },
        "notes": [*prepared.dataset.notes, *prepared.enforced.notes, *prepared.split.notes],
        "steps": result.steps,
        "trials": verdict.tuned.trials,
        "loss_curve": verdict.losses,
        "config": masked(job.text),
        "environment": [f"{name}: {value}" for name, value in {**machine(), **tags}.items()],
    }


def without_bounds(verdict: Verdict) -> dict[str, int]:
    """What cleaning did; a learned bound of a sensitive column is a value of it, so it is cut."""
    hidden = set(verdict.prepared.dataset.sensitive)
    told: dict[str, int] = {}
    for sentence, count in verdict.front.told["touched"].items():
        column, _, says = sentence.partition(": ")
        if column in hidden:
            says = "".join(each for each in says if not each.isdigit() and each not in ".-")
        told[f"{column}: {says}"] = told.get(f"{column}: {says}", 0) + count
    return told
