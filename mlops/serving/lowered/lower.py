"""Lowers a fitted pipeline, where every part of it is known."""

from __future__ import annotations

from typing import Any

from mlops.serving.lowered.from_front import before_model
from mlops.serving.lowered.from_model import model
from mlops.serving.lowered.program import Lowered
from mlops.serving.lowered.unknown import NotLowered
from mlops.serving.nouns import Schema


def lower(pipeline: Any, schema: Schema) -> tuple[Lowered | None, str]:
    """The pipeline as a program of plain data, if every part of it is known.

    Parameters
    ----------
    pipeline : fitted estimator
    schema : Schema

    Returns
    -------
    program : Lowered or None
        Not proven yet, see :mod:`mlops.serving.parity`.
    why : str
        What is not known; empty if all is.
    """
    try:
        before, last = before_model(pipeline, schema)
        return Lowered(before, model(last, has_gaps=before.has_gaps), schema.classes), ""
    except NotLowered as error:
        return None, str(error)
