"""The types with which msgspec reads the bodies of one schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from mlops.serving.nouns import Input, Schema

MOST_LITERALS = 10_000  # categories that a type holds; more are looked up
Decoder = Callable[[bytes], Any]


def is_closed(each: Input) -> bool:
    """Whether a column's type holds all of its categories."""
    return bool(each.categories) and len(each.categories or ()) <= MOST_LITERALS


def is_nameable(schema: Schema) -> bool:
    """Whether msgspec can have fields of all the names."""
    return all(each.name.isprintable() and not {'"', "\\"} & {*each.name} for each in schema.inputs)


def exactly(each: Input) -> Any:
    """The type of the values of a column that need no second look."""
    if each.kind == "number":
        exact: Any = float
    else:
        exact = Literal[each.categories] if is_closed(each) else str
    return exact if each.required else exact | None


def fields(schema: Schema, *, is_exact: bool, is_closed: bool) -> Any:
    """An object with a field for each column.

    Parameters
    ----------
    schema : Schema
    is_exact : bool
        Every field there, each value as it should be; else whatever stands there, or ``UNSET``.
    is_closed : bool
        Without other fields; else they are skipped, and nothing is built of them.
    """
    exact = [(f"c{at}", exactly(each)) for at, each in enumerate(schema.inputs)]
    loose = [(f"c{at}", Any, UNSET) for at in range(len(schema.inputs))]
    return msgspec.defstruct(
        "Columns",
        exact if is_exact else loose,
        rename={f"c{at}": each.name for at, each in enumerate(schema.inputs)},
        forbid_unknown_fields=is_closed,
        kw_only=True,
        gc=False,
    )


def body_of(key: str, row: Any) -> Decoder:
    """Reads ``{key: [row, ...]}`` and nothing else; the rows come as ``rows``."""
    rows: Any = list[row]
    body = msgspec.defstruct(
        "Body", [("rows", rows)], rename={"rows": key}, forbid_unknown_fields=True, gc=False
    )
    return msgspec.json.Decoder(body).decode
