"""Bounds on a body, held before anything is built of it: size, nesting, rows, values, doubles."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from mlops.serving.refusal import Refusal, refused
from mlops.serving.settings import Settings

OUTLINED = 256 * 1024  # bodies up to so many bytes are searched for keys that stand twice
LOOKED_AT = 64 * 1024  # who means to hurt nests deeply from the start
DEPTH = 32  # brackets within brackets
SPARE = 1000  # values that a body may hold beside those of its rows
WBITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
GZIP_BYTES = 18  # of a head and an end with nothing between
ENCODINGS = "gzip, deflate, identity"
# Texts, the last of them perhaps without its end, and what follows up to the next bracket; nothing
# is tried twice: the time does not depend on what stands in a text.
_TEXTS = re.compile(rb'(?:"(?:[^"\\]++|\\.)*+"?[^"\[\]{}]*+)++', re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def inflated(body: bytes, encoding: bytes, most: int) -> bytes:
    """The body without its content encoding; never more than `most` bytes are unpacked.

    Raises
    ------
    Refusal
        The encoding is unknown, the body is broken, or it would become too large.

    Examples
    --------
    >>> import gzip
    >>> inflated(gzip.compress(b"{}"), b"gzip", 10)
    b'{}'
    """
    encoding = encoding.strip().lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding not in WBITS:
        says = "This content encoding is not known."
        raise refused("content-encoding", says, "Content-Encoding", ENCODINGS)
    unpacking = zlib.decompressobj(WBITS[encoding])
    try:
        plain = unpacking.decompress(body, most + 1)
    except zlib.error:
        raise refused("invalid-body", "The body is not what its encoding says.") from None
    if len(plain) > most:
        raise too_large(most)
    if not unpacking.eof or unpacking.unused_data:
        raise refused("invalid-body", "The packed body is cut short, or more follows it.")
    return plain


def check_packed(body: bytes, encoding: bytes, most: int) -> None:
    """Refuse a body that says itself, at its end, that it is too large when it is unpacked.

    Who says less than is true is found out by :func:`inflated`, which takes longer.

    Raises
    ------
    Refusal

    Examples
    --------
    >>> import gzip
    >>> check_packed(gzip.compress(b"{}"), b"gzip", 1)
    Traceback (most recent call last):
    mlops.serving.refusal.Refusal: The body is too large. Accepted: at most 1 bytes.
    """
    is_gzip = encoding.strip().lower() in (b"gzip", b"x-gzip")
    if is_gzip and len(body) >= GZIP_BYTES and int.from_bytes(body[-4:], "little") > most:
        raise too_large(most)


def too_large(most: int) -> Refusal:
    """The refusal of a body of more than `most` bytes."""
    return refused("too-large", "The body is too large.", accepted=f"at most {most:,} bytes")


def too_many_rows(most: int) -> Refusal:
    """The refusal of more than `most` rows."""
    says = "There are too many rows or values."
    return refused("too-many-rows", says, accepted=f"at most {most:,} rows in one request")


def too_deep() -> Refusal:
    """The refusal of brackets within brackets."""
    return refused("too-deep", "The JSON is nested too deeply.", accepted=f"at most {DEPTH} levels")


def look_over(body: bytes, settings: Settings, columns: int) -> None:
    """Count brackets and commas, so that a parser never builds more than a request may hold.

    Parameters
    ----------
    body : bytes
        JSON, perhaps.
    settings : Settings
    columns : int
        Of the schema.

    Raises
    ------
    Refusal
        It is nested too deeply or holds too many rows or values.
    """
    opened = body.count(b"[") + body.count(b"{")
    closed = body.count(b"]") + body.count(b"}")
    rows, values = settings.max_rows, settings.max_rows * (columns + 1)
    if len(body) > rows and max(opened, closed) > rows + SPARE:
        raise too_many_rows(rows)
    if len(body) > values and body.count(b",") > values + SPARE:
        raise too_many_rows(rows)
    if opened > DEPTH and (_is_deeper(body[:LOOKED_AT]) or _is_deeper(body)):
        raise too_deep()


def look_over_lines(body: bytes, settings: Settings, columns: int) -> None:
    """The same for a body of lines.

    Raises
    ------
    Refusal
        It holds too many rows or values.
    """
    values = settings.max_rows * (columns + 1) + SPARE
    lines = body.count(b"\n") + body.count(b"\r")
    if lines > 2 * (settings.max_rows + SPARE) or body.count(b",") > values:
        raise too_many_rows(settings.max_rows)


def _is_deeper(body: bytes) -> bool:
    """Whether brackets outside texts are nested too deeply."""
    depth = 0
    for bracket in _TEXTS.sub(b"", body).translate(None, _OTHERS):
        depth += _STEP[bracket]
        if depth > DEPTH:
            return True
    return False


def outline(body: bytes) -> Any:
    """The objects and lists of a JSON document, without its scalars.

    Only for bodies of at most :data:`OUTLINED` bytes that :func:`look_over` has let pass.

    Raises
    ------
    Refusal
        A key stands twice in one object, or it is no JSON: what no parser has read may be none.

    Examples
    --------
    >>> outline(b'{"rows": [{"a": 1}], "x": "y"}')
    {'rows': [{'a': None}], 'x': None}
    """
    try:
        return _OUTLINE.decode(body.decode())
    except (ValueError, RecursionError):
        raise refused("invalid-json", "The body is no JSON.") from None


def _without_scalars(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {key: value if type(value) in (list, dict) else None for key, value in pairs}
    if len(found) != len(pairs):
        raise refused("duplicate-key", "One object has the same key twice.", "", "each key once")
    return found


_OUTLINE = json.JSONDecoder(
    object_pairs_hook=_without_scalars, parse_int=str, parse_float=str, parse_constant=str
)
