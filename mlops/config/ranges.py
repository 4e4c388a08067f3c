"""Values against what an option declares: intervals, lists of words, annotations."""

from __future__ import annotations

import math
import re
from typing import Any

from mlops.core.secret import MARK

_INTERVAL = re.compile(r"^\s*(int\s+)?([\[(])\s*([-+\w.]+)\s*,\s*([-+\w.]+)\s*([\])])\s*$")
_PLAIN = {"int": int, "float": (int, float), "str": str, "bool": bool, "None": type(None)}


def fits(value: Any, accepted: Any) -> bool:
    """True if `value` is in `accepted`.

    Parameters
    ----------
    value : object
    accepted : str or list
        An interval such as ``"(0, 1]"``, one of whole numbers such as ``"int [1, inf)"``, or a
        list of values and intervals.

    Examples
    --------
    >>> fits(0.5, "(0, 1)"), fits(0, "(0, 1)"), fits("mean", ["mean", "median"])
    (True, False, True)
    >>> fits("sqrt", ["(0, 1]", "sqrt"]), fits(None, ["[1, inf)", None])
    (True, True)
    """
    if isinstance(accepted, list):
        return any(fits(value, each) for each in accepted)
    match = _INTERVAL.match(accepted) if isinstance(accepted, str) else None
    if match is None:
        return type(value) is type(accepted) and value == accepted
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return False
    whole, opens, low, high, closes = match.groups()
    if whole and not isinstance(value, int):
        return False
    above = value >= float(low) if opens == "[" else value > float(low)
    below = value <= float(high) if closes == "]" else value < float(high)
    return above and below


def readable(accepted: Any) -> bool:
    """True if `accepted` is what :func:`fits` understands.

    >>> readable(["(0, 1]", "sqrt", None]), readable("(0, 1"), readable("(none, 1)")
    (True, False, False)
    """
    if isinstance(accepted, list):
        return bool(accepted) and all(readable(each) for each in accepted)
    if not isinstance(accepted, str) or not re.match(r"\s*(int\s+)?[\[(]", accepted):
        return not isinstance(accepted, dict)
    match = _INTERVAL.match(accepted)
    try:
        return match is not None and float(match[3]) <= float(match[4])
    except ValueError:
        return False


def told(accepted: Any) -> str:
    """`accepted` as a reader sees it.

    >>> told(["(0, 1]", "sqrt", None])
    '(0, 1], sqrt, null'
    """
    if isinstance(accepted, list):
        return ", ".join(told(each) for each in accepted)
    return "null" if accepted is None else str(accepted)


def matches(value: Any, annotation: str) -> bool:
    """True unless `value` is surely not what `annotation` (source text) says.

    >>> matches("x", "int | None"), matches(None, "int | None"), matches([1], "list[int]")
    (False, True, True)
    >>> matches("mean", "Literal['mean', 'median']"), matches(3, "Callable[..., int]")
    (True, True)
    """
    kinds = [each.strip() for each in _alternatives(annotation)]
    return not kinds or any(_one(value, kind) for kind in kinds)


def _alternatives(annotation: str) -> list[str]:
    """Split at the ``|`` that stand outside brackets."""
    parts, depth, current = [], 0, ""
    for character in annotation:
        depth += (character in "[(") - (character in "])")
        if character == "|" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current] if current.strip() else parts


def _one(value: Any, kind: str) -> bool:
    name = kind.split("[")[0].split(".")[-1]
    if isinstance(value, str) and value.startswith(MARK) and name in (*_PLAIN, "Path"):
        return False  # an object that never becomes text
    if name in _PLAIN:
        if isinstance(value, bool) and name != "bool":
            return False
        return isinstance(value, _PLAIN[name])  # type: ignore[arg-type]
    if name in ("list", "tuple", "Sequence", "Iterable", "set"):
        return isinstance(value, list)
    if name in ("dict", "Mapping"):
        return isinstance(value, dict)
    if name == "Literal":
        return value in _literals(kind)
    if name == "Secret":
        return isinstance(value, str)
    return isinstance(value, dict) or name not in ("Path",) or isinstance(value, str)


def _literals(kind: str) -> list[Any]:
    import ast

    inner = ast.parse(kind, mode="eval").body
    assert isinstance(inner, ast.Subscript)
    items = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]
    return [ast.literal_eval(each) for each in items]
