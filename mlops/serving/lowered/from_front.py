"""Reads fitted columns and cleaners into what they make of each column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isinf, isnan, nan
from typing import Any

from mlops.serving.lowered.column import Column, Columns, filled
from mlops.serving.lowered.from_features import features
from mlops.serving.lowered.from_rich import rich
from mlops.serving.lowered.front import Front, Number
from mlops.serving.lowered.rich_front import RichFront
from mlops.serving.lowered.unknown import NotLowered, name_of
from mlops.serving.nouns import Schema

LEAST = 3  # steps of a pipeline of ours: the door, features, model
Fronts = Front | RichFront


def before_model(pipeline: Any, schema: Schema) -> tuple[Fronts, Any]:
    """All before the model as one pass, and the fitted model itself.

    Raises
    ------
    NotLowered
        A step, or what it learned, is not known here.
    """
    steps = [step for _, step in getattr(pipeline, "steps", ())]
    if len(steps) < LEAST:
        raise NotLowered(pipeline, "no pipeline of ours")
    first, *middle, last, model = steps
    if name_of(first) != "mlops.contract.columns.Columns":
        raise NotLowered(first)
    if (known := FEATURES.get(name_of(last))) is None:
        raise NotLowered(last)
    columns = _columns(first, schema)
    for step in middle:
        _clean(step, columns)
    return known(last, columns), model


def _columns(step: Any, schema: Schema) -> Columns:
    names = [each.name for each in schema.inputs]
    if step.feature_names_in_.tolist() != names:
        raise NotLowered(step, "columns in another order")
    kinds = zip(names, step.kinds_.tolist(), strict=True)
    return {
        name: Column("words" if kind == "codes" else kind, Number(position))
        for position, (name, kind) in enumerate(kinds)
    }


def _clean(step: Any, columns: Columns) -> None:
    known = CLEANERS.get(name_of(step))
    if known is None:
        raise NotLowered(step)
    known(step, columns)


def _keep(step: Any, columns: Columns) -> None:
    """Nothing is done while predicting."""


def _several(step: Any, columns: Columns) -> None:
    for each in step.steps_:
        _clean(each, columns)


_SAME = {"number": "numeric", "words": "category", "date": "date"}


def _same_types(step: Any, columns: Columns) -> None:
    for name, column in columns.items():
        if step.kinds_[name] != _SAME[column.kind]:
            raise NotLowered(step, f"a column of {column.kind} becomes {step.kinds_[name]}")


def _fill(step: Any, columns: Columns) -> None:
    _same_types(step, columns)
    for name, column in columns.items():
        if column.kind == "number":
            column.number = filled(column.number, float(step.fills_[name]))
        elif column.kind == "words":
            column.fill = column.fill or str(step.fills_[name])


def _bound(step: Any, columns: Columns) -> None:
    for name, (low, high) in step.bounds_.items():
        number = columns[name].number
        if columns[name].kind != "number" or not isinf(number.low) or not isinf(number.high):
            raise NotLowered(step, "bounds twice")
        is_blank = step.action == "blank"
        gap = number.missing
        if not isnan(gap) and not low <= gap <= high:
            gap = nan if is_blank else min(max(gap, low), high)
        below, above = (nan, nan) if is_blank else (low, high)
        columns[name].number = replace(
            number, missing=gap, low=low, below=below, high=high, above=above
        )


FEATURES: dict[str, Callable[[Any, Columns], Fronts]] = {
    "mlops.features.by_kind.ByKind": features,
    "mlops.features.rich.Rich": rich,
}
CLEANERS: dict[str, Callable[[Any, Columns], None]] = {
    "mlops.cleaner.convert_types.ConvertTypes": _same_types,
    "mlops.cleaner.drop_duplicates.DropDuplicates": _keep,
    "mlops.cleaner.drop_missing.DropMissing": _fill,
    "mlops.cleaner.impute.Impute": _fill,
    "mlops.cleaner.iqr.Iqr": _bound,
    "mlops.cleaner.keep_all.KeepAll": _keep,
    "mlops.cleaner.standard.Standard": _several,
}
