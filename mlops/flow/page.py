"""Gathers what the report page shows; sensitive values have no place in it."""

from __future__ import annotations

import re
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
    from mlops.ui.frame import MOST_ROWS
    from mlops.ui.profile import profile

    job, prepared, ensemble = verdict.job, verdict.prepared, verdict.tuned.ensemble
    reasons = Counter(prepared.enforced.quarantined["reason"].astype(str))
    put_aside = len(prepared.enforced.quarantined)
    return {
        "summary": {
            "recipe": job.choices["recipe"],
            "data": prepared.dataset.source,
            "model": job.choices["model"] if ensemble is None else f"ensemble, {ensemble.says}",
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
        "hidden": [name for name in prepared.dataset.sensitive if name in _sliced(verdict)],
        "notes": [*prepared.dataset.notes, *prepared.enforced.notes, *prepared.split.notes],
        "steps": result.steps,
        "leaderboard": verdict.tuned.leaderboard[:MOST_ROWS],
        "front": verdict.tuned.front[:MOST_ROWS],
        "trials": verdict.tuned.trials,
        "plots": verdict.tuned.plots,
        "loss_curve": verdict.losses,
        "config": masked(job.text),
        "environment": [f"{name}: {value}" for name, value in {**machine(), **tags}.items()],
    }


def _sliced(verdict: Verdict) -> set[str]:
    return {found["column"] for found in verdict.report.slices}


def without_bounds(verdict: Verdict) -> dict[str, int]:
    """What cleaning did; a learned bound of a sensitive column is hidden: it is a value."""
    hidden = set(verdict.prepared.dataset.sensitive)
    told: dict[str, int] = {}
    for sentence, count in verdict.front.told["touched"].items():
        column, _, says = sentence.partition(": ")
        if column in hidden:
            says = _NUMBER.sub("(hidden: sensitive)", says)
        told[f"{column}: {says}"] = told.get(f"{column}: {says}", 0) + count
    return told


_NUMBER = re.compile(r"\S*\d\S*")
