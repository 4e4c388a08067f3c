"""TensorFlow Serving's REST protocol, ``:classify``: for each example classes with scores."""

from __future__ import annotations

from mlops.serving.nouns import Answers, Reply, Stamp
from mlops.serving.prepared import Prepared, best
from mlops.serving.protocols.examples import read_examples
from mlops.serving.protocols.refusals import as_error
from mlops.serving.protocols.tensorflow import told
from mlops.serving.refusal import refused
from mlops.serving.strictness import Read


def read(prepared: Prepared, headers: dict[bytes, bytes], body: bytes) -> Read:
    """The rows of a request.

    Raises
    ------
    Refusal
        Also where the model gives no classes.
    """
    if not prepared.schema.classes:
        raise refused("unsupported", "This model gives no classes.", accepted=":regress, :predict")
    return read_examples(prepared, body, "classify")


def write(prepared: Prepared, read: Read, answers: Answers, stamp: Stamp) -> Reply:
    """The answer: ``[[label, score], ...]`` for each example, the most likely first."""
    return told(prepared, read, stamp, "results", best(prepared, answers))


refuse = as_error
