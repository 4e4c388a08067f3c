"""The stubs of tensorflow-serving-api, without TensorFlow where that is not installed.

The stubs import four of TensorFlow's own modules, for the messages that they describe. What
those describe is here as well, field by field as TensorFlow 2.21 has it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from google.protobuf import descriptor_pb2, descriptor_pool

from mlops.serving.grpc import messages

FILES = {
    "tensorflow/core/framework/tensor.proto": "TensorShapeProto TensorProto",
    "tensorflow/core/example/example.proto": "BytesList FloatList Int64List Feature "
    "Features Example",
    "tensorflow/core/protobuf/meta_graph.proto": "TensorInfo SignatureDef",
    "tensorflow/core/protobuf/error_codes.proto": "",
}


STUBS = (
    *("model_service_pb2_grpc", "prediction_service_pb2_grpc", "get_model_metadata_pb2"),
    *("classification_pb2", "get_model_status_pb2", "input_pb2", "model_pb2", "predict_pb2"),
    *("regression_pb2", "status_pb2"),
)


@functools.cache
def without_tensorflow() -> None:
    """Import the stubs, whether TensorFlow is installed or not."""
    made = [] if find_spec("tensorflow") else list(_stand_ins())
    try:
        for name in STUBS:
            import_module(f"tensorflow_serving.apis.{name}")
    finally:
        for name in made:  # nobody else is to take them for TensorFlow
            sys.modules.pop(name, None)


def _stand_ins() -> Iterator[str]:
    """Describe the messages, and make empty modules; gives their names."""
    whole = messages.described("all.proto", "tensorflow", messages.TENSORFLOW)
    for name, holds in FILES.items():
        made = descriptor_pb2.FileDescriptorProto(name=name, package="tensorflow", syntax="proto3")
        made.message_type.extend(each for each in whole.message_type if each.name in holds.split())
        if "TensorProto" in holds:
            made.enum_type.extend(whole.enum_type)
        if name.endswith("meta_graph.proto"):
            made.dependency.append("tensorflow/core/framework/tensor.proto")
        if not holds:
            made.package = "tensorflow.error"
            made.enum_type.add(name="Code").value.add(name="OK", number=0)
        descriptor_pool.Default().Add(made)
        yield from _modules(name.removesuffix(".proto").replace("/", ".") + "_pb2")


def _modules(name: str) -> Iterator[str]:
    """An empty module of that name, in packages that are empty too."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        made = sys.modules.setdefault(path, ModuleType(path))
        made.__path__ = []
        if end > 1:
            setattr(sys.modules[".".join(parts[: end - 1])], parts[end - 1], made)
        made.xla_dot_tsl_dot_protobuf_dot_error__codes__pb2 = made
        yield path
