"""The pipeline itself as a program: many rows at once, through scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops.serving.nouns import Answers, Input, Row, Schema

REFUSED = "the model cannot answer this: a value is missing or too large for it"


class Vectorised:
    """Answers rows with the fitted pipeline.

    Parameters
    ----------
    pipeline : fitted estimator
    schema : Schema
    """

    def __init__(self, pipeline: Any, schema: Schema) -> None:
        steps = getattr(pipeline, "steps", None) or [("model", pipeline)]
        self.front = [step for _, step in steps[:-1]]
        self.model, self.schema = steps[-1][1], schema
        self.has_chances = bool(schema.classes) and hasattr(self.model, "predict_proba")

    def __call__(self, rows: Sequence[Row]) -> Answers:
        """Answer `rows`, in the order of the schema's inputs.

        Raises
        ------
        ValueError
            The pipeline refuses a value (:class:`MlopsError` where our own steps do), or answers
            without a finite number.
        """
        import numpy as np

        X = frame_of(rows, self.schema.inputs)
        for step in self.front:
            X = step.transform(X)
        values = np.asarray(self.model.predict(X))
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError(REFUSED)
        chances = self.model.predict_proba(X).tolist() if self.has_chances else None
        return Answers(values.tolist(), chances)


def frame_of(rows: Sequence[Row], inputs: Sequence[Input]) -> Any:
    """The frame that the pipeline takes, shape (n_rows, n_columns)."""
    import pandas as pd

    columns = list(zip(*rows, strict=True)) or [()] * len(inputs)
    types = {"number": "float64"}
    return pd.DataFrame(
        {
            each.name: pd.Series(values, dtype=types.get(each.kind, "str"))
            for each, values in zip(inputs, columns, strict=True)
        }
    )
