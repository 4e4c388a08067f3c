"""Tensors and examples become columns, within bounds; answers become tensors."""

from __future__ import annotations

import struct

import pytest

from mlops.serving.grpc.messages import DTYPES, message
from mlops.serving.grpc.tensors import FIELDS, FILLED, column, columns, outputs
from mlops.serving.nouns import Answers
from mlops.serving.refusal import Refusal

MOST = 100


def tensor(kind, shape, **more):
    made = message("tensorflow.TensorProto")(dtype=DTYPES[kind], **more)
    for size in shape:
        made.tensor_shape.dim.add(size=size)
    return made


def example(**features):
    made = message("tensorflow.Example")()
    for name, value in features.items():
        kind = {str: "bytes_list", float: "float_list", int: "int64_list"}[type(value)]
        kept = value.encode() if isinstance(value, str) else value
        getattr(made.features.feature[name], kind).value.append(kept)
    return made


@pytest.mark.parametrize("kind", sorted(set(FIELDS) - {"DT_STRING", "DT_BOOL"}))
def test_numbers_of_every_type_in_a_list_and_packed(kind):
    field, packed = FIELDS[kind]
    codes = {"FP32": "f", "FP64": "d", "INT8": "b", "UINT8": "B", "INT16": "h", "UINT16": "H"}
    codes |= {"INT32": "i", "UINT32": "I", "INT64": "q", "UINT64": "Q"}
    values = [1, 2, 3]
    assert column(tensor(kind, [3], **{field: values}), "x", MOST) == values
    content = struct.pack(f"<3{codes[packed]}", *values)
    assert column(tensor(kind, [3, 1], tensor_content=content), "x", MOST) == values


def test_texts_and_truths():
    assert column(tensor("DT_STRING", [2], string_val=[b"a", "é".encode()]), "x", MOST) == [
        "a",
        "é",
    ]
    assert column(tensor("DT_BOOL", [2], bool_val=[True, False]), "x", MOST) == [True, False]


def test_the_last_value_of_a_short_list_goes_on():
    assert column(tensor("DT_DOUBLE", [3], double_val=[1.5]), "x", MOST) == [1.5, 1.5, 1.5]


def test_it_does_not_go_on_for_longer_than_a_few_bytes_may_claim():
    most = 100 * FILLED
    assert len(column(tensor("DT_DOUBLE", [FILLED], double_val=[1.5]), "x", most)) == FILLED
    whole = tensor("DT_DOUBLE", [FILLED + 1], double_val=[1.5] * (FILLED + 1))
    assert len(column(whole, "x", most)) == FILLED + 1
    with pytest.raises(Refusal) as refusal:
        column(tensor("DT_DOUBLE", [FILLED + 1], double_val=[1.5] * FILLED), "x", most)
    assert (refusal.value.code, "1,000 rows" in str(refusal.value)) == ("shape", True)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (tensor("DT_DOUBLE", [10**12], double_val=[1.0]), "too-many-rows"),
        (tensor("DT_DOUBLE", [2, 2], double_val=[1.0] * 4), "shape"),
        (tensor("DT_DOUBLE", [], double_val=[1.0]), "shape"),
        (tensor("DT_DOUBLE", [-1], double_val=[1.0]), "shape"),
        (tensor("DT_DOUBLE", [1], double_val=[1.0, 2.0]), "shape"),
        (tensor("DT_DOUBLE", [2]), "shape"),
        (tensor("DT_DOUBLE", [1], tensor_content=b"1234567"), "shape"),
        (tensor("DT_STRING", [1], string_val=[b"\xff"]), "value-type"),
        (message("tensorflow.TensorProto")(), "unsupported"),
    ],
    ids=[
        *("claims", "matrix", "scalar", "negative", "too-long", "empty", "torn", "no-text"),
        "no-type",
    ],
)
def test_what_is_no_column_is_refused(made, code):
    with pytest.raises(Refusal) as refusal:
        column(made, "x", MOST)
    assert refusal.value.code == code


def test_examples_with_what_holds_for_all_of_them():
    found = columns([example(a=1.0), example(a=2.0, b="x")], example(c=7), MOST)
    assert found == {"c": [7, 7], "a": [1.0, 2.0], "b": [None, "x"]}


def test_a_feature_has_one_value():
    made = example(a=1.0)
    made.features.feature["a"].float_list.value.append(2.0)
    with pytest.raises(Refusal) as refusal:
        columns([made], example(), MOST)
    assert "examples[0].a" in str(refusal.value)


def test_too_many_examples_are_refused():
    with pytest.raises(Refusal):
        columns([example()] * (MOST + 1), example(), MOST)


def test_answers_as_tensors():
    answers = Answers(["bad", "good"], [[0.75, 0.25], [0.5, 0.5]])
    given = outputs(answers, [])
    assert list(given["prediction"].string_val) == [b"bad", b"good"]
    assert [each.size for each in given["probabilities"].tensor_shape.dim] == [2, 2]
    assert list(given["probabilities"].double_val) == [0.75, 0.25, 0.5, 0.5]
    assert list(outputs(answers, ["prediction"])) == ["prediction"]
    with pytest.raises(Refusal):
        outputs(answers, ["logits"])
