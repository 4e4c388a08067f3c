"""Between TensorFlow's tensors and examples and the columns and rows of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from mlops.serving import limits
from mlops.serving.grpc.messages import DTYPES, message
from mlops.serving.nouns import Answers
from mlops.serving.protocols.tensors import unpacked
from mlops.serving.refusal import Refusal, refused

# Type of a tensor to the field of its values, and to the name that KServe has for it when packed.
FIELDS = {
    "DT_FLOAT": ("float_val", "FP32"),
    "DT_DOUBLE": ("double_val", "FP64"),
    "DT_INT8": ("int_val", "INT8"),
    "DT_UINT8": ("int_val", "UINT8"),
    "DT_INT16": ("int_val", "INT16"),
    "DT_UINT16": ("int_val", "UINT16"),
    "DT_INT32": ("int_val", "INT32"),
    "DT_UINT32": ("uint32_val", "UINT32"),
    "DT_INT64": ("int64_val", "INT64"),
    "DT_UINT64": ("uint64_val", "UINT64"),
    "DT_BOOL": ("bool_val", "BOOL"),
    "DT_STRING": ("string_val", ""),
}
FILLED = 1000  # rows that a message of a few bytes may claim
NAMES = {number: name for name, number in DTYPES.items()}
KINDS: dict[type, str] = {float: "DT_DOUBLE", int: "DT_INT64", bool: "DT_BOOL"}


def column(tensor: Any, path: str, most: int) -> list[Any]:
    """The values of a tensor of one value a row.

    Parameters
    ----------
    tensor : TensorProto
    path : str
        For refusals.
    most : int
        Rows at most; what a few bytes can claim is held against this first.

    Raises
    ------
    Refusal
        Its type is unknown, or its shape is not ``[rows]`` or ``[rows, 1]``.
    """
    name = NAMES.get(tensor.dtype, "")
    if name not in FIELDS:
        raise refused("unsupported", "This type of tensor is not read.", path, ", ".join(FIELDS))
    sizes = [each.size for each in tensor.tensor_shape.dim]
    if not 0 < len(sizes) < 3 or sizes[1:] not in ([], [1]) or sizes[0] < 0:
        raise refused("shape", "A column has one value a row.", path, "[rows] or [rows, 1]")
    if (rows := prod(sizes)) > most:
        raise limits.too_many_rows(most)
    field, packed = FIELDS[name]
    if tensor.tensor_content and packed:
        values = unpacked(tensor.tensor_content, packed, path)
    else:
        values = list(getattr(tensor, field))
        if rows > max(len(values), FILLED):
            says = "A short list does not go on as long as that."
            raise refused("shape", says, path, f"{FILLED:,} rows, or a value for each")
        values += values[-1:] * (rows - len(values))  # a short list: its last value goes on
    if len(values) != rows:
        raise refused("shape", "There are not as many values as the shape says.", path)
    return [_text(each, path) for each in values] if name == "DT_STRING" else values


def columns(examples: Sequence[Any], context: Any, most: int) -> dict[str, list[Any]]:
    """The features of some examples, by name; None where one has none.

    Parameters
    ----------
    examples : sequence of Example
    context : Example
        What holds for all of them.
    most : int
        Examples at most.

    Raises
    ------
    Refusal
        There are too many, or a feature has several values.
    """
    if len(examples) > most:
        raise limits.too_many_rows(most)
    common = dict(context.features.feature)
    rows = [{**common, **each.features.feature} for each in examples]
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: [_value(row.get(name), name, at) for at, row in enumerate(rows)] for name in names
    }


def outputs(answers: Answers, asked: Iterable[str]) -> dict[str, Any]:
    """Tensors by name: ``prediction``, and ``probabilities`` where there are classes.

    Parameters
    ----------
    answers : Answers
    asked : iterable of str
        Names of those that are wanted; all, if there are none.

    Raises
    ------
    Refusal
        One that is asked for is not given.
    """
    given = {"prediction": _tensor(answers.values, [len(answers.values)])}
    if answers.probabilities is not None:
        chances = [chance for row in answers.probabilities for chance in row]
        shape = [len(answers.values), len(chances) // max(1, len(answers.values))]
        given["probabilities"] = _tensor(chances, shape)
    wanted = list(asked) or list(given)
    if not set(wanted) <= given.keys():
        says = "This output is not given."
        raise refused("unsupported", says, "output_filter", ", ".join(given))
    return {name: given[name] for name in wanted}


def _tensor(values: Sequence[Any], shape: Sequence[int]) -> Any:
    kinds = {type(each) for each in values}
    name = KINDS.get(next(iter(kinds)), "DT_STRING") if len(kinds) == 1 else "DT_STRING"
    made = message("tensorflow.TensorProto")(dtype=DTYPES[name])
    for size in shape:
        made.tensor_shape.dim.add(size=size)
    texts = name == "DT_STRING"
    getattr(made, FIELDS[name][0]).extend(str(each).encode() for each in values) if texts else (
        getattr(made, FIELDS[name][0]).extend(values)
    )
    return made


def _text(value: bytes, path: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise refused("value-type", "This text is no UTF-8.", path) from None


def _value(feature: Any, name: str, at: int) -> Any:
    """The one value of a feature."""
    kind = None if feature is None else feature.WhichOneof("choice")
    if kind is None:
        return None
    path = f"examples[{at}].{name[:64]}"
    values = getattr(feature, kind).value
    if len(values) != 1:
        raise _several(path)
    return _text(values[0], path) if kind == "bytes_list" else values[0]


def _several(path: str) -> Refusal:
    return refused("shape", "A feature has one value.", path, "a list of one value")
