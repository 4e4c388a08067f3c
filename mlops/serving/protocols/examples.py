"""Examples, as TensorFlow Serving's ``:classify`` and ``:regress`` take them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from mlops.serving import limits
from mlops.serving.prepared import Prepared
from mlops.serving.protocols.tensorflow import SIGNATURE, check_once, check_signature
from mlops.serving.strictness import Read
from mlops.serving.unreadable import decoded

KEY = "examples"


class Envelope(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The body, its examples not yet read."""

    examples: Raw
    context: Raw = Raw()
    signature_name: str = SIGNATURE


ENVELOPE = msgspec.json.Decoder(Envelope).decode
CONTEXT = msgspec.json.Decoder(dict[str, Any]).decode


def read_examples(prepared: Prepared, body: bytes, method: str) -> Read:
    """The rows of a request; what stands in ``context`` holds for all of them.

    Raises
    ------
    Refusal
    """
    envelope = decoded(body, ENVELOPE, KEY)
    check_signature(envelope.signature_name, method)
    check_once(body)
    body = b'{"examples":%s}' % bytes(envelope.examples)
    common = bytes(envelope.context)
    if common in (b"", b"{}"):
        return prepared.decoders.records(body, KEY, as_tensor=True)
    limits.look_over(common, prepared.settings, prepared.decoders.width)
    context = decoded(common, CONTEXT, "context")
    if len(common) <= limits.OUTLINED:
        limits.outline(common)
    return prepared.decoders.careful.records(body, KEY, as_tensor=True, common=context)
