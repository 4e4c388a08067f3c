"""Examples, as TensorFlow Serving's ``:classify`` and ``:regress`` take them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw

from mlops.serving import limits
from mlops.serving.prepared import Prepared
from mlops.serving.protocols.tensorflow import SIGNATURE, check_once, check_signature
from mlops.serving.refusal import refused
from mlops.serving.strictness import Read
from mlops.serving.unreadable import decoded, shown

KEY = "examples"


class Envelope(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The body, its examples not yet read."""

    examples: Raw
    context: Raw = Raw()
    signature_name: str = SIGNATURE


ENVELOPE = msgspec.json.Decoder(Envelope).decode
CONTEXT = msgspec.json.Decoder(dict[str, Any]).decode
EXAMPLES = msgspec.json.Decoder(list[dict[str, Any]]).decode


def read_examples(prepared: Prepared, body: bytes, method: str) -> Read:
    """The rows of a request; what stands in ``context`` holds for all of them.

    Raises
    ------
    Refusal
    """
    envelope = decoded(body, ENVELOPE, KEY)
    check_signature(envelope.signature_name, method)
    check_once(body)
    raw, common = bytes(envelope.examples), bytes(envelope.context)
    if common in (b"", b"{}"):
        return prepared.decoders.records(b'{"examples":%s}' % raw, KEY, as_tensor=True)
    for part in (raw, common):
        limits.look_over(part, prepared.settings, prepared.decoders.width)
        if len(part) <= limits.OUTLINED:
            limits.outline(part)
    context = decoded(common, CONTEXT, "context")
    return _merged(prepared, decoded(raw, EXAMPLES, KEY), context)


def _merged(prepared: Prepared, examples: list[dict[str, Any]], context: dict[str, Any]) -> Read:
    if len(examples) > prepared.settings.max_rows:
        raise limits.too_many_rows(prepared.settings.max_rows)
    places = {name: f"context.{shown(name)}" for name in context}
    for at, example in enumerate(examples):
        if twice := example.keys() & context.keys():
            says = "This stands in the context, too."
            path = f"{KEY}[{at}].{shown(min(twice))}"
            raise refused("duplicate-key", says, path, "each feature once")
        for name in example.keys() - places.keys():
            places[name] = f"{KEY}[{at}].{shown(name)}"
    names = prepared.decoders.columns.names
    if not examples:
        raise refused("shape", "There are no rows.", KEY, "at least one row")
    reading = prepared.decoders.columns.reading(KEY + "[{row}].{name}", as_tensor=True)
    reading.extra(places)
    rows = ({**context, **example} for example in examples)
    return reading.rows([row.get(name, UNSET) for name in names] for row in rows)
