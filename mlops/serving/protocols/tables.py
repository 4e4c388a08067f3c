"""The shapes in which several protocols send rows: records, a matrix, columns by name."""

from __future__ import annotations

from typing import Any

import msgspec

from mlops.serving import limits
from mlops.serving.prepared import Prepared
from mlops.serving.refusal import refused
from mlops.serving.strictness import Read
from mlops.serving.unreadable import decoded, shown

ANY = msgspec.json.Decoder().decode
_BLANK = b" \t\r\n"


def read_any(prepared: Prepared, raw: bytes, key: str) -> Read:
    """Rows of the JSON value that stood under `key`, whichever of the shapes it has.

    Parameters
    ----------
    prepared : Prepared
    raw : bytes
        A list of records, of rows or (for a model of one column) of values; or an object of
        columns.
    key : str
        For the places of what is wrong.

    Raises
    ------
    Refusal
    """
    raw = raw.strip(_BLANK)
    if raw[:1] == b"[" and raw[1:].lstrip(_BLANK)[:1] == b"{":
        return prepared.decoders.records(b'{"%s":%s}' % (key.encode(), raw), key, as_tensor=True)
    if rows := prepared.decoders.matrix(raw, prepared.decoders.columns.names):
        return Read(rows)
    if raw[:1] == b"{":
        return prepared.decoders.careful.columns_of(raw, key)
    limits.look_over(raw, prepared.settings, prepared.decoders.width)
    if len(raw) <= limits.OUTLINED and b":" in raw:
        limits.outline(raw)
    found = decoded(raw, ANY)
    if isinstance(found, list):
        return _matrix(prepared, found, key)
    raise refused("value-type", "This is of another kind.", key, "a list or an object")


def _matrix(prepared: Prepared, found: list[Any], key: str) -> Read:
    """``[[41, "Bern"], [29, "Biel"]]``: the columns in the order of the schema."""
    names = prepared.decoders.columns.names
    rows = found if found and isinstance(found[0], list) else [[each] for each in found]
    return read_matrix(prepared, list(names), rows, key)


def read_matrix(prepared: Prepared, names: list[str], rows: list[Any], key: str) -> Read:
    """Rows as lists of values, with the names of their columns.

    Raises
    ------
    Refusal
    """
    width = len(names)
    for at, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            says = "This is no row of as many values as there are columns."
            raise refused("shape", says, f"{key}[{at}]", f"a list of {width} values")
    if len(set(names)) != width:
        raise refused("duplicate-key", "Two columns have one name.", key, "each name once")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    places = {name: shown(name) for name in names}
    path = key + "[{row}] ({name})"
    return prepared.decoders.careful.columnwise(columns, path, places, as_tensor=True)
