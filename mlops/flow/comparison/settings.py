"""What differs between two recorded configurations."""

from __future__ import annotations

from typing import Any

from mlops.flow.comparison.sides import Side
from mlops.flow.keys import flat

ABSENT = "–"
BESIDE = ("ui", "flow", "tracker", "outputs")  # how a run is shown and recorded


def settings_difference(a: Side, b: Side) -> list[dict[str, Any]]:
    """One row for each key that differs: ``key``, ``a``, ``b``; which options were chosen first.

    Values are text as YAML writes them; ``–`` where the key does not exist.
    """
    chosen = [_choices(each) for each in (a, b)]
    values = [_values(each, chosen) for each in (a, b)]
    return [*_differing(*chosen), *_differing(*values)]


def _choices(side: Side) -> dict[str, str]:
    """Room to option, and what was joined; nothing for a run of an earlier release."""
    found, ensemble = (side.subject.about.get(key) for key in ("choices", "ensemble"))
    if not isinstance(found, dict):
        return {}
    joined = {"ensemble": str(ensemble.get("says"))} if isinstance(ensemble, dict) else {}
    return {room: str(option) for room, option in found.items() if room not in BESIDE} | joined


def _values(side: Side, chosen: list[dict[str, str]]) -> dict[str, str]:
    """Dotted key to text; an option's own target is left out where its name is known."""
    kept = {key: value for key, value in side.config.items() if key not in BESIDE}
    named = {f"{room}._target_" for room in chosen[0] if room in chosen[1]}
    return {key: text(value) for key, value in flat(kept).items() if key not in named}


def _differing(a: dict[str, str], b: dict[str, str]) -> list[dict[str, Any]]:
    keys = dict.fromkeys([*a, *b]) if a and b else {}
    return [
        {"key": key, "a": a.get(key, ABSENT), "b": b.get(key, ABSENT)}
        for key in keys
        if a.get(key, ABSENT) != b.get(key, ABSENT)
    ]


def text(value: Any) -> str:
    """A value as YAML writes it.

    >>> text(None), text(True), text(0.5), text({})
    ('null', 'true', '0.5', '{}')
    """
    return {None: "null", True: "true", False: "false"}[value] if _is_word(value) else str(value)


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)
