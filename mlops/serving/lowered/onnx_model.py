"""A model that onnxruntime answers for, behind a lowered front."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from mlops.serving.nouns import Unanswerable


@dataclass
class OnnxModel:
    """An exported model; its session is opened where it arrives.

    Parameters
    ----------
    content : bytes
        The ONNX file: one input of doubles, shape (n_rows, n_features).
    classes : tuple
        Labels by rank; empty for a number.
    """

    content: bytes
    classes: tuple[Any, ...] = ()
    _session: Any = field(init=False, repr=False, compare=False)
    takes = "dense"

    def __post_init__(self) -> None:
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            self.content, options, providers=["CPUExecutionProvider"]
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.content, self.classes)

    def numbers(self, X: list[list[float]]) -> list[float]:
        """A number for each row."""
        return [float(each) for each in self._said(X)[0].ravel()]

    def answers(self, X: list[list[float]]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        labels, chances = self._said(X)
        ranks = {label: rank for rank, label in enumerate(self.classes)}
        return [ranks[label] for label in labels.tolist()], chances.tolist()

    def _said(self, X: list[list[float]]) -> Any:
        import numpy as np

        for row, features in enumerate(X):
            if not all(map(isfinite, features)):
                raise Unanswerable(row)
        name = self._session.get_inputs()[0].name
        return self._session.run(None, {name: np.array(X, dtype=np.float64)})
