"""The messages of TensorFlow Serving's services: names, numbers and types of their fields.

They live in a pool of their own, so that whoever has TensorFlow in the same process is not in
their way.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

# One field a line: number, name, type; a star for many of them, `a>b` for a map of texts to b,
# `?` for one of those of which there is one only.
TENSORFLOW = {
    "TensorShapeProto.Dim": "1 size int64, 2 name string",
    "TensorShapeProto": "2 dim *TensorShapeProto.Dim, 3 unknown_rank bool",
    "TensorProto": "1 dtype DataType, 2 tensor_shape TensorShapeProto, 4 tensor_content bytes, "
    "5 float_val *float, 6 double_val *double, 7 int_val *int32, 8 string_val *bytes, "
    "10 int64_val *int64, 11 bool_val *bool, 16 uint32_val *uint32, 17 uint64_val *uint64",
    "BytesList": "1 value *bytes",
    "FloatList": "1 value *float",
    "Int64List": "1 value *int64",
    "Feature": "1 bytes_list ?BytesList, 2 float_list ?FloatList, 3 int64_list ?Int64List",
    "Features": "1 feature >Feature",
    "Example": "1 features Features",
    "TensorInfo": "1 name string, 2 dtype DataType, 3 tensor_shape TensorShapeProto",
    "SignatureDef": "1 inputs >TensorInfo, 2 outputs >TensorInfo, 3 method_name string",
}
SERVING = {
    "ModelSpec": "1 name string, 2 version ?google.protobuf.Int64Value, 4 version_label ?string, "
    "3 signature_name string",
    "PredictRequest": "1 model_spec ModelSpec, 2 inputs >tensorflow.TensorProto, "
    "3 output_filter *string",
    "PredictResponse": "2 model_spec ModelSpec, 1 outputs >tensorflow.TensorProto",
    "ExampleList": "1 examples *tensorflow.Example",
    "ExampleListWithContext": "1 examples *tensorflow.Example, 2 context tensorflow.Example",
    "Input": "1 example_list ?ExampleList, 2 example_list_with_context ?ExampleListWithContext",
    "Class": "1 label string, 2 score float",
    "Classifications": "1 classes *Class",
    "ClassificationResult": "1 classifications *Classifications",
    "ClassificationRequest": "1 model_spec ModelSpec, 2 input Input",
    "ClassificationResponse": "2 model_spec ModelSpec, 1 result ClassificationResult",
    "Regression": "1 value float",
    "RegressionResult": "1 regressions *Regression",
    "RegressionRequest": "1 model_spec ModelSpec, 2 input Input",
    "RegressionResponse": "2 model_spec ModelSpec, 1 result RegressionResult",
    "SignatureDefMap": "1 signature_def >tensorflow.SignatureDef",
    "GetModelMetadataRequest": "1 model_spec ModelSpec, 2 metadata_field *string",
    "GetModelMetadataResponse": "1 model_spec ModelSpec, 2 metadata >google.protobuf.Any",
    "GetModelStatusRequest": "1 model_spec ModelSpec",
    "StatusProto": "1 error_code int32, 2 error_message string",
    "ModelVersionStatus": "1 version int64, 2 state int32, 3 status StatusProto",
    "GetModelStatusResponse": "1 model_version_status *ModelVersionStatus",
}
DTYPES = {
    "DT_FLOAT": 1,
    "DT_DOUBLE": 2,
    "DT_INT32": 3,
    "DT_UINT8": 4,
    "DT_INT16": 5,
    "DT_INT8": 6,
    "DT_STRING": 7,
    "DT_INT64": 9,
    "DT_BOOL": 10,
    "DT_UINT16": 17,
    "DT_UINT32": 22,
    "DT_UINT64": 23,
}
AVAILABLE = 30  # the state of a version that answers
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    name: getattr(_FIELD, f"TYPE_{name.upper()}")
    for name in ("int32", "int64", "uint32", "uint64", "float", "double", "bool", "string", "bytes")
}


@functools.cache
def message(name: str) -> type[Any]:
    """The class of a message, e.g. ``PredictRequest`` or ``tensorflow.TensorProto``.

    >>> request = message("PredictRequest")()
    >>> request.model_spec.name = "houses"
    >>> message("PredictRequest").FromString(request.SerializeToString()).model_spec.name
    'houses'
    """
    full = name if name.startswith("tensorflow.") else f"tensorflow.serving.{name}"
    found: type[Any] = message_factory.GetMessageClass(_pool().FindMessageTypeByName(full))
    return found


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for known in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.Add(described("tensorflow.proto", "tensorflow", TENSORFLOW))
    needed = ("tensorflow.proto", "google/protobuf/any.proto", "google/protobuf/wrappers.proto")
    pool.Add(described("serving.proto", "tensorflow.serving", SERVING, needed))
    return pool


def described(
    name: str, package: str, messages: Mapping[str, str], needed: tuple[str, ...] = ()
) -> descriptor_pb2.FileDescriptorProto:
    """A file of messages, from the lines that describe them."""
    made = descriptor_pb2.FileDescriptorProto(name=name, package=package, syntax="proto3")
    made.dependency.extend(needed)
    for each in messages:
        if "." not in each:
            own = made.message_type.add(name=each)
            for nested in messages:
                if nested.rpartition(".")[0] == each:
                    _fill(
                        own.nested_type.add(name=nested.rpartition(".")[2]),
                        package,
                        messages[nested],
                    )
            _fill(own, package, messages[each])
    if package == "tensorflow":
        kinds = made.enum_type.add(name="DataType")
        for kind, number in {"DT_INVALID": 0, **DTYPES}.items():
            kinds.value.add(name=kind, number=number)
    return made


def _fill(made: Any, package: str, fields: str) -> None:
    for each in fields.split(", "):
        number, name, kind = each.split()
        field = made.field.add(name=name, number=int(number), label=_FIELD.LABEL_OPTIONAL)
        if kind[0] in "*>":
            field.label = _FIELD.LABEL_REPEATED
        if kind[0] == "?":
            if not made.oneof_decl:
                made.oneof_decl.add(name="choice")
            field.oneof_index = 0
        if kind[0] == ">":
            entry = made.nested_type.add(name=_entry(name))
            entry.options.map_entry = True
            _typed(entry.field.add(name="key", number=1, label=1), package, "string")
            _typed(entry.field.add(name="value", number=2, label=1), package, kind[1:])
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, entry.name
        else:
            _typed(field, package, kind.lstrip("*?"))


def _typed(field: Any, package: str, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
        return
    is_full = kind.startswith(("google.", "tensorflow."))
    field.type = _FIELD.TYPE_ENUM if kind == "DataType" else _FIELD.TYPE_MESSAGE
    field.type_name = f".{kind}" if is_full else f".{package}.{kind}"


def _entry(name: str) -> str:
    """What the entries of a map are called.

    >>> _entry("signature_def")
    'SignatureDefEntry'
    """
    return "".join(part.capitalize() for part in name.split("_")) + "Entry"
