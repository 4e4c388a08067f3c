"""What is made once for each served version, so that a request does not make it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from mlops.serving.decode import Decoders
from mlops.serving.nouns import Answers, Served
from mlops.serving.settings import Settings

KEPT = 8  # versions whose decoders are kept
encode = msgspec.json.Encoder().encode


class Prepared:
    """A served version with its decoders and the parts of its answers that are always the same.

    Parameters
    ----------
    served : Served
    settings : Settings

    Attributes
    ----------
    decoders : Decoders
    small : int
        A body of at most so many bytes is answered by the worker itself.
    made : dict
        For what a protocol makes once for this version.
    """

    def __init__(self, served: Served, settings: Settings) -> None:
        self.served, self.settings = served, settings
        self.schema = served.schema
        self.decoders = Decoders(served.schema, settings)
        one_row = len(encode(list(served.schema.example[:1]))) + 16 * len(served.schema.inputs)
        self.small = max(1024, 8 * one_row)
        self.made: dict[Any, Any] = {}


def prepare(served: Served, settings: Settings) -> Prepared:
    """The prepared version; made at the first call, kept for the last eight versions."""
    found = _PREPARED.get(id(served))
    if found is not None and found.served is served and found.settings is settings:
        return found
    made = _PREPARED[id(served)] = Prepared(served, settings)
    while len(_PREPARED) > KEPT:
        _PREPARED.popitem(last=False)
    return made


def forget(version: int) -> None:
    """Let go of a version that answers no more."""
    for key in [key for key, made in _PREPARED.items() if made.served.version == version]:
        del _PREPARED[key]


_PREPARED: OrderedDict[int, Prepared] = OrderedDict()


def numbers(values: Any) -> tuple[bytes, bool]:
    """JSON of `values`; and whether one of them is no number, which JSON can only call null.

    >>> numbers([1.5, float("nan")])
    (b'[1.5,null]', True)
    """
    text = encode(values)
    return text, b"null" in text and _has_gap(values)


def _has_gap(values: Any) -> bool:
    if isinstance(values, list):
        return any(map(_has_gap, values))
    return values is None or (isinstance(values, float) and not abs(values) < float("inf"))


NO_NUMBER = "the model gave no finite number for some rows: they are null"


def best(prepared: Prepared, answers: Answers) -> list[list[tuple[str, float]]]:
    """For each row the classes with their probabilities, the most likely first."""
    names = [str(each) for each in prepared.schema.classes]
    rows = answers.probabilities or [
        [float(name == str(value)) for name in names] for value in answers.values
    ]
    return [sorted(zip(names, row, strict=True), key=lambda each: -each[1]) for row in rows]
