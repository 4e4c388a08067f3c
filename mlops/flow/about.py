"""What a run said of itself, made sound: a file that anybody may have edited breaks no command."""

from __future__ import annotations

from typing import Any

MAPPINGS = ("choices", "space", "candidates", "code", "machine", "metrics")


def sound(about: dict[str, Any]) -> dict[str, Any]:
    """`about` with values of the kinds that readers count on; what is of another kind goes.

    Examples
    --------
    >>> found = sound({"run": 7, "metrics": {"rmse": 2.5, "r2": "good"}, "choices": []})
    >>> found["run"], found["metrics"], found["choices"]
    ('7', {'rmse': 2.5}, {})
    """
    mappings = {key: _mapping(about.get(key)) for key in MAPPINGS}
    mappings["metrics"] = {k: v for k, v in mappings["metrics"].items() if _is_number(v)}
    listed = about.get("requirements")
    texts = {
        key: str(about[key])
        for key in (
            *("run", "name", "recipe", "primary", "source", "source_key", "data_fingerprint"),
            *("snapshot", "contract", "sweep", "rerun_of"),
        )
        if about.get(key) is not None
    }
    shape = {key: about[key] for key in ("rows", "columns") if isinstance(about.get(key), int)}
    rest = {key: value for key, value in about.items() if key not in ("rows", "columns")}
    requirements = [str(each) for each in listed] if isinstance(listed, list) else []
    whole = shape if len(shape) == 2 else {}
    return {**rest, **mappings, **texts, **whole, "requirements": requirements}


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
