"""What MLflow's scoring server speaks at ``/invocations``.

JSON with exactly one of ``dataframe_split``, ``dataframe_records``, ``inputs`` and ``instances``,
or CSV with a header. ``params`` are not the model's and are left out, which is said.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from msgspec import Raw

from mlops.core.errors import listed
from mlops.serving import limits
from mlops.serving.nouns import Answers, Reply, Stamp
from mlops.serving.prepared import NO_NUMBER, Prepared, encode, numbers
from mlops.serving.protocols.refusals import parts, status_of
from mlops.serving.protocols.tables import read_any, read_matrix
from mlops.serving.refusal import Refusal, refused
from mlops.serving.strictness import Read
from mlops.serving.unreadable import decoded

FORMATS = ("dataframe_split", "dataframe_records", "inputs", "instances")
PARAMS = "params are not used by this model and were left out"


class Envelope(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The body, its parts not yet read."""

    dataframe_split: Raw = Raw()
    dataframe_records: Raw = Raw()
    inputs: Raw = Raw()
    instances: Raw = Raw()
    params: Raw = Raw()


class Split(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A frame as pandas splits it."""

    columns: tuple[str, ...]
    data: Raw
    index: Raw = Raw()


ENVELOPE = msgspec.json.Decoder(Envelope).decode
SPLIT = msgspec.json.Decoder(Split).decode
DATA = msgspec.json.Decoder(list[list[Any]]).decode


def read(prepared: Prepared, headers: dict[bytes, bytes], body: bytes) -> Read:
    """The rows of a request.

    Raises
    ------
    Refusal
    """
    if headers.get(b"content-type", b"").startswith(b"text/csv"):
        return _csv(prepared, body)
    envelope = decoded(body, ENVELOPE)
    given = [name for name in FORMATS if bytes(getattr(envelope, name))]
    if len(given) != 1:
        says = "The body has to hold the rows in exactly one format."
        raise refused("key-missing", says, accepted=listed(FORMATS))
    _once(body, given[0])
    raw = bytes(getattr(envelope, given[0]))
    if given[0] == "dataframe_split":
        found = _split(prepared, raw)
    else:
        found = read_any(prepared, raw, given[0])
    if bytes(envelope.params) not in (b"", b"null", b"{}"):
        found.warnings = (*found.warnings, PARAMS)
    return found


def _once(body: bytes, key: str) -> None:
    """Refuse a body whose format stands twice; what is inside is looked at later."""
    if body.count(b'"%s"' % key.encode()) > 1 and len(body) <= limits.OUTLINED:
        limits.outline(body)


def _split(prepared: Prepared, raw: bytes) -> Read:
    key = "dataframe_split"
    found = decoded(raw, SPLIT, key)
    data = bytes(found.data)
    keys = 2 + bool(bytes(found.index))  # and as many colons, unless one stands twice
    if raw.count(b":") > keys and len(raw) <= limits.OUTLINED:
        limits.look_over(raw, prepared.settings, prepared.decoders.width)
        limits.outline(raw)
    if rows := prepared.decoders.matrix(data, found.columns):
        return Read(rows)
    limits.look_over(data, prepared.settings, prepared.decoders.width)
    return read_matrix(prepared, [*found.columns], decoded(data, DATA, key), f"{key}.data")


def _csv(prepared: Prepared, body: bytes) -> Read:
    """CSV with a header; no text of it is shown, for it may have none."""
    limits.look_over_lines(body, prepared.settings, prepared.decoders.width)
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        names = next(lines, [])
        rows = [line for line in lines if line]
    except (csv.Error, UnicodeDecodeError):
        raise refused("invalid-body", "The body is no CSV in UTF-8.") from None
    if len(set(names)) != len(names):
        says = "Two columns have one name."
        raise refused("duplicate-key", says, "the header", "each name once")
    for at, row in enumerate(rows):
        if len(row) != len(names):
            says = "This row has another number of values than the header."
            raise refused("shape", says, f"csv[{at}]", f"{len(names)} values")
    known = prepared.decoders.columns.place
    named = [name if name in known else f"column {at + 1}" for at, name in enumerate(names)]
    columns = dict(zip(named, zip(*rows, strict=True), strict=True)) if rows else {}
    places = {name: f"csv, {name}" for name in named}
    return prepared.decoders.careful.columnwise(columns, "csv[{row}].{name}", places, as_text=True)


def write(prepared: Prepared, read: Read, answers: Answers, stamp: Stamp) -> Reply:
    """``{"predictions": [...]}``, and what every answer carries."""
    values, has_gap = numbers(answers.values)
    told = {
        "model": prepared.served.model,
        "version": prepared.served.version,
        "request_id": stamp.request_id,
        "warnings": (*read.warnings, NO_NUMBER) if has_gap else read.warnings,
    }
    return Reply(200, b'{"predictions":' + values + b"," + encode(told)[1:])


def refuse(refusal: Refusal, request_id: str, version: int | None) -> Reply:
    """MLflow's ``error_code`` and ``message``, and our own code, path and what is accepted."""
    status = status_of(refusal)
    told = {
        "error_code": "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR",
        "message": str(refusal),
        **parts(refusal, request_id, version),
    }
    return Reply(status, encode(told), code=refusal.code)
