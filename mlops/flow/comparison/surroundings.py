"""What differs around two models: packages, Python, the state of the code."""

from __future__ import annotations

from typing import Any

from mlops.flow.comparison.settings import ABSENT
from mlops.flow.comparison.sides import Side


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
