"""The pipeline itself as a program: many rows at once, through scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops.serving.nouns import Answers, Input, Row, Schema, Unanswerable


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
        Unanswerable
            The model refuses a row, or has no finite number for it.
        MlopsError
            A value is not what the pipeline's door can read.
        """
        import numpy as np

        X = frame_of(rows, self.schema.inputs)
        with np.errstate(all="ignore"):  # what comes of it is looked at below
            for step in self.front:
                X = step.transform(X)
            try:
                values = _checked(self.model.predict(X))
                chances = _checked(self.model.predict_proba(X)) if self.has_chances else None
            except ValueError as error:
                raise Unanswerable from error
        return Answers(values.tolist(), None if chances is None else chances.tolist())


def _checked(answers: Any) -> Any:
    import numpy as np

    found = np.asarray(answers)
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise Unanswerable
    return found


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
