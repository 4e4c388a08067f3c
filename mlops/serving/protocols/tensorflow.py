"""TensorFlow Serving's REST protocol, ``:predict``: rows in ``instances``, columns in ``inputs``.

What was asked by rows is answered in ``predictions``, what was asked by columns in ``outputs``.
A model of one output gives its values, one of classes gives ``prediction`` and ``probabilities``.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from mlops.core.errors import listed
from mlops.serving import limits
from mlops.serving.nouns import Answers, Reply, Served, Stamp
from mlops.serving.prepared import NO_NUMBER, Prepared, encode, numbers
from mlops.serving.protocols.refusals import as_error
from mlops.serving.protocols.tables import read_any
from mlops.serving.refusal import refused
from mlops.serving.strictness import Read
from mlops.serving.unreadable import decoded, shown

SIGNATURE = "serving_default"
METHOD = "tensorflow/serving/"


class Envelope(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The body, its rows not yet read."""

    instances: Raw = Raw()
    inputs: Raw = Raw()
    signature_name: str = SIGNATURE


class Asked(Read):
    """Rows, and in which of the two forms they were sent."""

    is_by_column = False


ENVELOPE = msgspec.json.Decoder(Envelope).decode


def read(prepared: Prepared, headers: dict[bytes, bytes], body: bytes) -> Read:
    """The rows of a request.

    Raises
    ------
    Refusal
    """
    envelope = decoded(body, ENVELOPE)
    check_signature(envelope.signature_name, "predict")
    by_row, by_column = bytes(envelope.instances), bytes(envelope.inputs)
    if bool(by_row) == bool(by_column):
        says = "The body has to hold the rows in exactly one form."
        raise refused("key-missing", says, accepted="instances, or inputs")
    check_once(body)
    key = "instances" if by_row else "inputs"
    found = read_any(prepared, by_row or by_column, key)
    asked = Asked(found.rows, found.warnings, found.unseen)
    asked.is_by_column = bool(by_column)
    return asked


def check_signature(name: str, method: str) -> None:
    """Refuse a signature that no version has.

    Raises
    ------
    Refusal
    """
    accepted = ("", SIGNATURE, METHOD + method)
    if name not in accepted:
        says = "There is no such signature."
        raise refused("unsupported", says, "signature_name", listed(accepted[1:]))


def check_once(body: bytes) -> None:
    """Refuse a body in which a key stands twice; rows are looked at later."""
    keys = (b'"instances"', b'"inputs"', b'"examples"', b'"context"', b'"signature_name"')
    if len(body) <= limits.OUTLINED and any(body.count(key) > 1 for key in keys):
        limits.outline(body)


def write(prepared: Prepared, read: Read, answers: Answers, stamp: Stamp) -> Reply:
    """The answer, in the form of the question."""
    is_by_column = isinstance(read, Asked) and read.is_by_column
    given: Any = answers.values
    if answers.probabilities is not None:
        both = {"prediction": answers.values, "probabilities": answers.probabilities}
        pairs = zip(answers.values, answers.probabilities, strict=True)
        given = both if is_by_column else [dict(zip(both, pair, strict=True)) for pair in pairs]
    return told(prepared, read, stamp, "outputs" if is_by_column else "predictions", given)


def told(prepared: Prepared, read: Read, stamp: Stamp, key: str, given: Any) -> Reply:
    """An answer under `key`, and what every answer carries."""
    values, has_gap = numbers(given)
    more = {
        "version": prepared.served.version,
        "request_id": stamp.request_id,
        "warnings": (*read.warnings, NO_NUMBER) if has_gap else read.warnings,
    }
    return Reply(200, b'{"%s":%s,%s' % (key.encode(), values, encode(more)[1:]))


refuse = as_error


def status(versions: list[int]) -> dict[str, Any]:
    """The versions that answer."""
    good = {"error_code": "OK", "error_message": ""}
    return {
        "model_version_status": [
            {"version": str(version), "state": "AVAILABLE", "status": good} for version in versions
        ]
    }


def metadata(served: Served) -> dict[str, Any]:
    """The signatures of a version."""
    types = {"number": "DT_DOUBLE"}
    inputs = {
        shown(each.name): _tensor(shown(each.name), types.get(each.kind, "DT_STRING"))
        for each in served.schema.inputs
    }
    kinds = {type(each) for each in served.schema.classes} or {float}
    types_given = {float: "DT_DOUBLE", int: "DT_INT64", bool: "DT_BOOL", str: "DT_STRING"}
    kind = types_given[kinds.pop()] if len(kinds) == 1 else "DT_STRING"
    outputs = {"prediction": _tensor("prediction", kind)}
    if served.schema.classes:
        size = len(served.schema.classes)
        outputs["probabilities"] = _tensor("probabilities", "DT_DOUBLE", size)
    signature = {"inputs": inputs, "outputs": outputs, "method_name": METHOD + "predict"}
    return {
        "model_spec": {
            "name": served.model,
            "signature_name": "",
            "version": str(served.version),
        },
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _tensor(name: str, dtype: str, *more: int) -> dict[str, Any]:
    sizes = [{"size": str(size), "name": ""} for size in (-1, *more)]
    return {
        "dtype": dtype,
        "tensor_shape": {"dim": sizes, "unknown_rank": False},
        "name": f"{name}:0",
    }
