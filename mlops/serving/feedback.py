"""Labels that arrive later: what was true of the rows of an earlier request.

``{"labels": [{"request_id": "…", "row": 0, "label": "good"}]}``; ``row`` may be left out for the
first. The same row told again replaces what was told before.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from mlops.serving import limits
from mlops.serving.calls import LONGEST_ID
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


def labels(body: bytes, settings: Settings) -> list[tuple[str, int, Any]]:
    """The labels of a body: request id, row, what was true.

    Raises
    ------
    Refusal
        It is no such body.

    Examples
    --------
    >>> labels(b'{"labels": [{"request_id": "a-1", "label": 3}]}', Settings())
    [('a-1', 0, 3.0)]
    """
    limits.look_over(body, settings, columns=3)
    found = decoded(body, _DECODE, "labels").labels
    if len(body) <= limits.OUTLINED:
        limits.outline(body)
    return [(each.request_id, int(each.row), each.label) for each in found]
