"""Tensors as KServe's V2 protocol sends them: typed lists, or packed bytes behind the JSON."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from mlops.serving.refusal import refused

# Type to the code of Python's arrays and its size; texts are packed behind their lengths.
PACKED = {
    "BOOL": ("?", 1),
    "INT8": ("b", 1),
    "UINT8": ("B", 1),
    "INT16": ("h", 2),
    "UINT16": ("H", 2),
    "INT32": ("i", 4),
    "UINT32": ("I", 4),
    "INT64": ("q", 8),
    "UINT64": ("Q", 8),
    "FP32": ("f", 4),
    "FP64": ("d", 8),
}
BYTES = "BYTES"
DATATYPES = (*PACKED, BYTES)
_LENGTH = struct.Struct("<I")


def unpacked(content: bytes, datatype: str, path: str) -> list[Any]:
    r"""The values of a packed tensor.

    Raises
    ------
    Refusal
        The bytes are not of that type.

    Examples
    --------
    >>> unpacked(b"\x02\x00\x00\x00\x03\x00\x00\x00", "INT32", "inputs[0]")
    [2, 3]
    >>> unpacked(b"\x02\x00\x00\x00ab", "BYTES", "inputs[0]")
    ['ab']
    """
    if datatype == BYTES:
        return _texts(content, path)
    code, size = PACKED[datatype]
    if len(content) % size:
        raise refused("shape", "These bytes are no whole number of values.", path)
    if code == "?":
        return list(map(bool, content))
    values = array(code)
    values.frombytes(content)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()


def _texts(content: bytes, path: str) -> list[str]:
    found, at = [], 0
    try:
        while at < len(content):
            (length,) = _LENGTH.unpack_from(content, at)
            at += _LENGTH.size + length
            if at > len(content):
                raise ValueError
            found.append(content[at - length : at].decode())
    except (struct.error, ValueError):
        raise refused("shape", "These bytes are no texts behind their lengths.", path) from None
    return found


def packed(values: Sequence[Any], datatype: str) -> bytes:
    r"""The bytes of a tensor.

    >>> packed([1.0], "FP64"), packed(["ab"], "BYTES")
    (b'\x00\x00\x00\x00\x00\x00\xf0?', b'\x02\x00\x00\x00ab')
    """
    if datatype == BYTES:
        texts = [str(each).encode() for each in values]
        return b"".join(_LENGTH.pack(len(text)) + text for text in texts)
    code, _ = PACKED[datatype]
    if code == "?":
        return bytes(map(bool, values))
    found = array(code, values)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def flat(values: list[Any]) -> Iterable[Any]:
    """The values of nested lists, in order.

    >>> list(flat([[1, 2], [3]]))
    [1, 2, 3]
    """
    for each in values:
        if type(each) is list:
            yield from flat(each)
        else:
            yield each


def datatype_of(values: Sequence[Any]) -> str:
    """The type that holds all of `values`: texts where they are not all of one kind.

    >>> datatype_of([1.5]), datatype_of([True]), datatype_of(["a"])
    ('FP64', 'BOOL', 'BYTES')
    """
    kinds = {type(each) for each in values}
    names = {float: "FP64", int: "INT64", bool: "BOOL"}
    return names.get(next(iter(kinds)), BYTES) if len(kinds) == 1 else BYTES
