"""What each of two models recorded about itself, where there are no rows to judge both on."""

from __future__ import annotations

from typing import Any

from mlops.core.lines import parsed
from mlops.flow.comparison.sides import Side


def recorded(a: Side, b: Side, why: str) -> dict[str, Any]:
    """Each one's own metrics on its own test part; their difference says nothing."""
    told = [_recorded(each) for each in (a, b)]
    names = [name for name in told[0] if name in told[1]]
    return {
        "same_rows": False,
        "why_not": why,
        "rows": 0,
        "primary": str(a.subject.about.get("primary", "")),
        "metrics": [{"name": name, "a": told[0][name], "b": told[1][name]} for name in names],
        "own": {side: _intervals(each) for side, each in (("a", a), ("b", b))},
        "says": "",
        "changes": {},
        "slices": [],
        "moved": [],
    }


def _recorded(side: Side) -> dict[str, float]:
    primary, found = side.subject.about.get("primary"), side.subject.about.get("metrics") or {}
    return dict(sorted(found.items(), key=lambda pair: pair[0] != primary))


def _intervals(side: Side) -> dict[str, Any]:
    """Metric to the interval that was recorded with it."""
    try:
        document = parsed((side.subject.folder / "result.json").read_bytes())
        return {each["name"]: [each["low"], each["high"]] for each in document["metrics"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
