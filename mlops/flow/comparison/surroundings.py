"""What differs around two models: size and speed, packages, Python, the state of the code."""

from __future__ import annotations

from typing import Any

from mlops.flow.comparison.settings import ABSENT
from mlops.flow.comparison.sides import Side
from mlops.registry.shelf import MODEL

ANSWERS = 15  # timed of each


def surroundings_difference(a: Side, b: Side) -> list[dict[str, Any]]:
    """One row for each thing that differs: ``what``, ``a``, ``b``."""
    found = [_surroundings(each) for each in (a, b)]
    rows: list[dict[str, Any]] = []
    for before, after in zip(*found, strict=True):
        if before and after:
            rows += [
                {"what": name, "a": before.get(name, ABSENT), "b": after.get(name, ABSENT)}
                for name in dict.fromkeys([*before, *after])
                if before.get(name) != after.get(name)
            ]
    return rows


def _surroundings(side: Side) -> tuple[dict[str, str], ...]:
    """Machine, code and packages, each empty where it is not known."""
    about = side.subject.about
    machine, code = (about.get(name) for name in ("machine", "code"))
    return (
        {str(key): str(value) for key, value in (machine or {}).items()},
        {str(key): str(value) for key, value in (code or {}).items()},
        _packages(side),
    )


def _packages(side: Side) -> dict[str, str]:
    try:
        lines = (side.subject.folder / "requirements.txt").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("==") for line in lines)
    return {name: version for name, _, version in pairs if name and version}


def footprints(a: Side, b: Side) -> dict[str, Any]:
    """Size of the model file in bytes, and seconds for one row, of each; null where unknown."""
    found: dict[str, Any] = {"size_bytes": {}, "latency_s": _latencies(a, b)}
    for name, each in (("a", a), ("b", b)):
        path = each.subject.folder / MODEL
        found["size_bytes"][name] = path.stat().st_size if path.is_file() else None
    return found


def _latencies(a: Side, b: Side) -> dict[str, float | None]:
    """Both in turn; each for itself where one cannot answer."""
    if both := _latencies_s(a, b):
        return dict(zip("ab", both, strict=True))
    alone = {name: _latencies_s(each) for name, each in (("a", a), ("b", b))}
    return {name: found[0] if found else None for name, found in alone.items()}


def _latencies_s(*sides: Side) -> list[float] | None:
    from mlops.flow.footprint import latencies_s

    asked = [
        (each.pipeline, each.dataset.X.head(ANSWERS))
        for each in sides
        if each.pipeline is not None and each.dataset is not None
    ]
    if len(asked) < len(sides):
        return None
    try:
        return latencies_s(asked, most=ANSWERS)
    except Exception:  # whatever a changed library or a project's own code raises: told elsewhere
        return None
