"""Every field has the number and the type that TensorFlow Serving gives it."""

from __future__ import annotations

from importlib import import_module

import pytest

from mlops.serving.grpc.messages import SERVING, message
from tests.serving.grpc.stubs import without_tensorflow

FILES = ("predict", "classification", "regression", "get_model_metadata", "get_model_status")
ENUMS = {"state", "error_code"}  # of an enumeration: the same on the wire


def fields(descriptor):
    found = {each.name: (each.number, each.type, each.is_repeated) for each in descriptor.fields}
    return {name: (told[0], 0, told[2]) if name in ENUMS else told for name, told in found.items()}


@pytest.mark.tensorflow_serving
@pytest.mark.parametrize("name", SERVING)
def test_a_message_of_the_services(name):
    without_tensorflow()
    files = (*FILES, "model", "input", "status")
    modules = [import_module(f"tensorflow_serving.apis.{each}_pb2") for each in files]
    theirs = [getattr(each, name).DESCRIPTOR for each in modules if hasattr(each, name)]
    assert theirs, name
    ours = fields(message(name).DESCRIPTOR)
    assert ours.items() <= fields(theirs[0]).items()
