"""What MLflow takes: names and values cut to its limits, in batches that it accepts.

The limits are those of MLflow 3 (names 250, parameter values 6000, tag values 8000,
experiments 500, digests of data 36 characters).
Cutting is deterministic, so that a record that is delivered again says the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NAME, PARAM, TAG, EXPERIMENT, DIGEST = 250, 6000, 8000, 500, 36
_BATCH, _BATCH_BYTES = 100, 500_000
_CUT = " … (cut)"
_STRANGE = re.compile(r"[^\w\-. :/]")


def cut(text: str, most: int) -> str:
    """Return `text` with at most `most` characters, saying so where it was longer.

    >>> cut("abcdefghijkl", 10)
    'ab … (cut)'
    """
    text = str(text)
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT


def name(text: str) -> str:
    """Return `text` as a name that MLflow takes; different texts stay different.

    >>> name("model.alpha")
    'model.alpha'
    >>> name("model[0]")
    'model_0_-d97dd5b3'
    """
    is_path = text.startswith("/") or any(part in ("", ".", "..") for part in text.split("/"))
    clean = _STRANGE.sub("_", text)
    if clean == text and len(text) <= NAME and not is_path:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{clean.replace('/', '_').lstrip('.')[: NAME - 9]}-{mark}"


def fitted(values: Mapping[str, Any], most: int) -> dict[str, str]:
    """Names and values of parameters or tags, fitted."""
    return {name(str(key)): cut(str(value), most) for key, value in values.items()}


def batches(values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Split `values` into parts that one request may carry."""
    part: dict[str, str] = {}
    size = 0
    for key, value in values.items():
        more = len(json.dumps([key, value]))
        if part and (len(part) == _BATCH or size + more > _BATCH_BYTES):
            yield part
            part, size = {}, 0
        part[key] = value
        size += more
    if part:
        yield part


def chunks(values: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Split `values` into lists of at most `most`."""
    listed = list(values)
    for start in range(0, len(listed), most):
        yield listed[start : start + most]
