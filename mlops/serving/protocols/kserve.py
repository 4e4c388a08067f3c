"""KServe's V2 protocol, which is the Open Inference Protocol: one tensor for each column.

Tensors are lists in the JSON, or packed behind it (the binary tensor extension), in which case
the header ``Inference-Header-Content-Length`` says where the JSON ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mlops.core.errors import listed
from mlops.serving import limits
from mlops.serving.nouns import Answers, Reply, Served, Stamp
from mlops.serving.prepared import NO_NUMBER, Prepared, encode
from mlops.serving.protocols import tensors
from mlops.serving.protocols.refusals import as_error
from mlops.serving.refusal import refused
from mlops.serving.strictness import Read
from mlops.serving.unreadable import decoded, shown

JSON_LENGTH = b"inference-header-content-length"
PREDICTION, PROBABILITIES = "prediction", "probabilities"
LONGEST_ID = 128


class Tensor(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One input."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any] | None = None
    parameters: dict[str, Any] = {}


class Wanted(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Body(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A request."""

    inputs: list[Tensor]
    id: str = ""
    outputs: list[Wanted] = []
    parameters: dict[str, Any] = {}


_DECODE = msgspec.json.Decoder(Body).decode


class Asked(Read):
    """Rows, and how their answers are wanted."""

    body: Body


def read(prepared: Prepared, headers: dict[bytes, bytes], body: bytes) -> Read:
    """The rows of a request.

    Raises
    ------
    Refusal
    """
    text, rest = _parted(headers, body)
    limits.look_over(text, prepared.settings, prepared.decoders.width)
    asked = decoded(text, _DECODE)
    if len(text) <= limits.OUTLINED:
        limits.outline(text)
    columns: dict[str, Sequence[Any]] = {}
    for at, tensor in enumerate(asked.inputs):
        path = f"inputs[{at}]"
        if tensor.name in columns:
            raise refused("duplicate-key", "Two inputs have one name.", path, "each name once")
        _check_shape(tensor.shape, prepared.settings.max_rows, path)
        columns[tensor.name], rest = _values(tensor, rest, path)
    if rest:
        raise refused("shape", "More bytes follow the JSON than its inputs say.")
    _check(prepared, asked)
    places = {each.name: f"inputs[{at}]" for at, each in enumerate(asked.inputs)}
    found = prepared.decoders.careful.columnwise(columns, "{name}[{row}]", places)
    wanted = Asked(found.rows, found.warnings, found.unseen)
    wanted.body = asked
    return wanted


def _parted(headers: dict[bytes, bytes], body: bytes) -> tuple[bytes, bytes]:
    """The JSON, and the bytes behind it."""
    length = headers.get(JSON_LENGTH)
    if length is None:
        return body, b""
    if not length.isdigit() or len(length) > 18 or int(length) > len(body):
        says = "This is no length within the body."
        raise refused("invalid-body", says, JSON_LENGTH.decode(), "bytes of the JSON")
    return body[: int(length)], body[int(length) :]


def _values(tensor: Tensor, rest: bytes, path: str) -> tuple[list[Any], bytes]:
    """The values of an input, and the bytes that are left."""
    if tensor.datatype not in tensors.DATATYPES:
        accepted = listed(tensors.DATATYPES, 20)
        raise refused("unsupported", "This type is not known.", f"{path}.datatype", accepted)
    size = tensor.parameters.get("binary_data_size")
    if size is not None:
        if not _is_size(size, tensor, len(rest)):
            says = "This is no size of bytes that follow."
            raise refused("shape", says, f"{path}.parameters.binary_data_size")
        values = tensors.unpacked(rest[:size], tensor.datatype, path)
        rest = rest[size:]
    elif tensor.data is None:
        raise refused("key-missing", "An input has no data.", path, "data or binary_data_size")
    else:
        values = list(tensors.flat(tensor.data))
    if tensor.shape[0] != len(values):
        says = "The shape does not fit the data."
        raise refused("shape", says, f"{path}.shape", "[rows], with as many values")
    return values, rest


def _check_shape(shape: list[int], most: int, path: str) -> None:
    """Refuse what is no column, before its values are unpacked."""
    if not shape or shape[0] < 0 or shape[1:] not in ([], [1]):
        says = "A column has one value a row."
        raise refused("shape", says, f"{path}.shape", "[rows] or [rows, 1]")
    if shape[0] > most:
        raise limits.too_many_rows(most)


def _is_size(size: Any, tensor: Tensor, left: int) -> bool:
    """Whether so many bytes follow for a tensor, and are not more than it may hold."""
    if type(size) is not int or not 0 <= size <= left or tensor.data is not None:
        return False
    _, each = tensors.PACKED.get(tensor.datatype, ("", 0))
    return not each or size == each * tensor.shape[0]


def _check(prepared: Prepared, asked: Body) -> None:
    names = outputs(prepared.served)
    seen: set[str] = set()
    for at, wanted in enumerate(asked.outputs):
        if wanted.name in seen:
            path = f"outputs[{at}].name"
            raise refused("duplicate-key", "Two outputs have one name.", path, "each name once")
        seen.add(wanted.name)
        if wanted.name not in names:
            says = "There is no such output."
            raise refused("key-unknown", says, f"outputs[{at}].name", listed(names))
        if "classification" in wanted.parameters:
            says, path = "This extension is not spoken here.", f"outputs[{at}].parameters"
            raise refused("unsupported", says, path, "binary_data")
    if len(asked.id) > LONGEST_ID or not asked.id.isprintable():
        says = "This id is not fit to be sent back."
        raise refused("unsupported", says, "id", f"at most {LONGEST_ID} printable characters")


def outputs(served: Served) -> tuple[str, ...]:
    """The names of what a version gives."""
    return (PREDICTION, PROBABILITIES) if served.schema.classes else (PREDICTION,)


def write(prepared: Prepared, read: Read, answers: Answers, stamp: Stamp) -> Reply:
    """The answer: one tensor for the predictions, one for the probabilities."""
    assert isinstance(read, Asked)
    asked, told, tail = read.body, [], []
    given = {PREDICTION: answers.values, PROBABILITIES: answers.probabilities}
    wanted = asked.outputs or [Wanted(name) for name in outputs(prepared.served)]
    for each in wanted:
        values = given[each.name]
        if values is None:
            continue
        output, content = _output(each, values, bool(asked.parameters.get("binary_data_output")))
        told.append(output)
        tail.append(content)
    warnings = list(read.warnings)
    reply: dict[str, Any] = {
        "model_name": prepared.served.model,
        "model_version": str(prepared.served.version),
        "id": asked.id or stamp.request_id,
        "outputs": told,
    }
    if any(_has_gap(each.get("data", ())) for each in told):
        warnings.append(NO_NUMBER)
    if warnings:
        reply["parameters"] = {"warnings": " · ".join(warnings)}
    return _reply(encode(reply), b"".join(tail), is_packed=any(tail))


def _output(wanted: Wanted, values: list[Any], all_packed: bool) -> tuple[dict[str, Any], bytes]:
    shape = [len(values)]
    if wanted.name == PROBABILITIES:
        shape.append(len(values[0]) if values else 0)
        values = [each for row in values for each in row]
    datatype = tensors.datatype_of(values)
    if datatype == tensors.BYTES:
        values = [str(each) for each in values]
    output: dict[str, Any] = {"name": wanted.name, "shape": shape, "datatype": datatype}
    if not wanted.parameters.get("binary_data", all_packed):
        return {**output, "data": values}, b""
    content = tensors.packed(values, datatype)
    return {**output, "parameters": {"binary_data_size": len(content)}}, content


def _has_gap(values: Sequence[Any]) -> bool:
    return any(type(each) is float and not abs(each) < float("inf") for each in values)


def _reply(text: bytes, tail: bytes, *, is_packed: bool) -> Reply:
    if not is_packed:
        return Reply(200, text)
    header = (JSON_LENGTH, str(len(text)).encode())
    return Reply(200, text + tail, "application/octet-stream", headers=(header,))


refuse = as_error
DATATYPE = {"number": "FP64", "words": tensors.BYTES, "date": tensors.BYTES}


def metadata(served: Served, versions: list[int]) -> dict[str, Any]:
    """What a version takes and gives, and how it answers."""
    schema = served.schema
    kind = tensors.datatype_of(schema.classes) if schema.classes else "FP64"
    gives: list[dict[str, Any]] = [{"name": PREDICTION, "datatype": kind, "shape": [-1]}]
    if schema.classes:
        shape = [-1, len(schema.classes)]
        gives.append({"name": PROBABILITIES, "datatype": "FP64", "shape": shape})
    return {
        "name": served.model,
        "versions": [str(version) for version in versions],
        "platform": f"mlops_{served.path}",
        "inputs": [
            {"name": shown(each.name), "datatype": DATATYPE[each.kind], "shape": [-1]}
            for each in schema.inputs
        ],
        "outputs": gives,
        "properties": {
            "version": str(served.version),
            "path": served.path,
            "why": served.why,
            "task": schema.task,
            "target": schema.target,
            "classes": [str(each) for each in schema.classes],
        },
    }
