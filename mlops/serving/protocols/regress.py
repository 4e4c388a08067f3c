"""TensorFlow Serving's REST protocol, ``:regress``: a number for each example."""

from __future__ import annotations

from mlops.serving.nouns import Answers, Reply, Stamp
from mlops.serving.prepared import Prepared
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
        Also where the model gives classes.
    """
    if prepared.schema.classes:
        says = "This model gives classes, no numbers."
        raise refused("unsupported", says, accepted=":classify, :predict")
    return read_examples(prepared, body, "regress")


def write(prepared: Prepared, read: Read, answers: Answers, stamp: Stamp) -> Reply:
    """The answer: one number for each example."""
    return told(prepared, read, stamp, "results", answers.values)


refuse = as_error
