"""Labels that arrive later: what was true of the rows of an earlier request.

``{"labels": [{"request_id": "…", "row": 0, "label": "good"}]}``; ``row`` may be left out for the
first. The same row told again replaces what was told before. What is told has to be something that
the model could have answered: one of its classes, or a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from mlops.core.errors import closest, listed
from mlops.serving import limits
from mlops.serving.calls import LONGEST_ID
from mlops.serving.nouns import Schema
from mlops.serving.refusal import MOST, Refusal, Wrong
from mlops.serving.settings import Settings
from mlops.serving.unreadable import decoded

MOST_LABELS = 10_000
LONGEST_LABEL = 1000
ID = r"^[A-Za-z0-9_.:/+=-]+$"  # what a request's id is made of, see mlops.serving.calls
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID, pattern=ID)]
# JSON has one kind of number: 3 and 3.0 are the same row.
Place = Annotated[float, msgspec.Meta(ge=0, le=2**31 - 1, multiple_of=1)]
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)]


class Label(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What was true of one row."""

    request_id: Id
    label: float | Text | bool
    row: Place = 0


class Labels(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A body."""

    labels: Annotated[list[Label], msgspec.Meta(min_length=1, max_length=MOST_LABELS)]


_DECODE = msgspec.json.Decoder(Labels).decode


def labels(
    body: bytes, settings: Settings, schemas: Iterable[Schema]
) -> list[tuple[str, int, Any]]:
    """The labels of a body: request id, row, what was true.

    Parameters
    ----------
    body : bytes
    settings : Settings
    schemas : iterable of Schema
        Of all versions that serve: the request may have been any one's.

    Raises
    ------
    Refusal
        It is no such body, or something in it is no label of theirs.

    Examples
    --------
    >>> body = b'{"labels": [{"request_id": "a-1", "label": 1}]}'
    >>> labels(body, Settings(), [Schema((), "regression", "price")])
    [('a-1', 0, 1.0)]
    >>> labels(body, Settings(), [Schema((), "classification", "risk", (0, 1))])
    [('a-1', 0, 1)]
    """
    limits.look_over(body, settings, columns=3)
    found = decoded(body, _DECODE, "labels").labels
    if len(body) <= limits.OUTLINED:
        limits.outline(body)
    told, wrong = _Told(schemas), []
    kept: list[tuple[str, int, Any]] = []
    for at, each in enumerate(found):
        if told.is_one(each.label):
            kept.append((each.request_id, int(each.row), told.meant(each.label)))
        else:
            wrong.append(told.refused(each.label, f"labels[{at}].label"))
            if len(wrong) == MOST:
                break
    if wrong:
        raise Refusal(*wrong)
    return kept


class _Told:
    """What may be told of a row."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        answered = [each.classes for each in schemas]
        self.is_number = not all(answered)
        # JSON has one kind of number, and of truth: True is 1 to Python, and not to a caller.
        self.classes = {(isinstance(c, bool), c): c for classes in answered for c in classes}

    def is_one(self, label: Any) -> bool:
        """Whether a model could have answered that."""
        return (self.is_number and type(label) is float) or _key(label) in self.classes

    def meant(self, label: Any) -> Any:
        """The class as the model has it."""
        return self.classes.get(_key(label), label)

    def refused(self, label: Any, path: str) -> Wrong:
        """What is said of another one."""
        if not self.classes:
            return Wrong("value-type", "This label is no number.", path, "a number")
        names, near = self.classes.values(), closest(_written(label), self.classes.values())
        says = "The model has no such class."
        return Wrong("value-unseen", says, path, f"one of {listed(names)}", near)


def _key(label: Any) -> tuple[bool, Any]:
    return isinstance(label, bool), label


def _written(label: Any) -> str:
    """A label as a class is written, as far as it takes to tell which is meant."""
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if is_whole else label)[:64]
