"""Models that are not known here, exported to ONNX where skl2onnx can, behind the lowered front."""

from __future__ import annotations

from importlib.util import find_spec
from time import perf_counter
from typing import Any

from mlops.serving.lowered.from_front import before_model
from mlops.serving.lowered.onnx_model import OnnxModel
from mlops.serving.lowered.program import Lowered
from mlops.serving.lowered.unknown import NotLowered
from mlops.serving.nouns import Program, Row, Schema

NEEDED = ("onnx", "onnxruntime", "skl2onnx")
TRIES = 5


def exported(pipeline: Any, schema: Schema) -> tuple[Lowered | None, str]:
    """The pipeline with its model in ONNX, if that can be made here.

    Parameters
    ----------
    pipeline : fitted estimator
    schema : Schema

    Returns
    -------
    program : Lowered or None
        Not proven yet.
    why : str
        Why there is none; empty if there is one.
    """
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        return None, f"{', '.join(absent)} not installed"
    if any(not isinstance(each, int | str) for each in schema.classes):
        return None, "labels that ONNX does not know"
    try:
        before, model = before_model(pipeline, schema)
    except NotLowered as error:
        return None, str(error)
    try:
        content = _content(model, before.width, bool(schema.classes))
        return Lowered(before, OnnxModel(content, schema.classes), schema.classes), ""
    except Exception as error:  # exporters fail in many ways
        return None, f"{type(model).__name__} has no ONNX form here ({type(error).__name__})"


def _content(model: Any, width: int, has_classes: bool) -> bytes:
    from skl2onnx import to_onnx  # type: ignore[import-untyped]
    from skl2onnx.common.data_types import DoubleTensorType  # type: ignore[import-untyped]

    features = [("features", DoubleTensorType([None, width]))]
    options = {"zipmap": False} if has_classes else None
    content: bytes = to_onnx(model, initial_types=features, options=options).SerializeToString()
    return content


def is_faster(program: Program, than: Program, row: Row) -> bool:
    """Whether one row is answered sooner, at the best of a few tries each."""
    return min(_seconds(program, row)) < min(_seconds(than, row))


def _seconds(program: Program, row: Row) -> list[float]:
    found = []
    for _ in range(TRIES):
        start = perf_counter()
        program([row])
        found.append(perf_counter() - start)
    return found
