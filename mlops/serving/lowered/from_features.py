"""Reads fitted features into a :class:`Front`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, isnan
from typing import Any

from mlops.core.values import word
from mlops.serving.lowered.column import Column, Columns, filled
from mlops.serving.lowered.front import Category, Front, Number
from mlops.serving.lowered.unknown import NotLowered, name_of

UNKNOWN = "missing"  # what features call a category that is not known
NOBODY = "\0"  # a text that no encoder has seen


def features(step: Any, columns: Columns) -> Front:
    """The fitted features `step` behind cleaned `columns`, as one pass over a row.

    Raises
    ------
    NotLowered
        What it learned is not known here.
    """
    kinds = dict(zip(step.feature_names_in_.tolist(), step.kinds_, strict=True))
    wanted = {"numeric": "number", "category": "words"}
    used = {name: columns[name] for name, kind in kinds.items() if kind in wanted}
    for name, column in used.items():
        if column.kind != wanted[kinds[name]]:
            raise NotLowered(step, f"a column of {column.kind} as {kinds[name]}")
    if set(kinds.values()) - {*wanted, "date", "text"}:
        raise NotLowered(step, "columns of another kind")
    numbers = [each.number for each in used.values() if each.kind == "number"]
    words = [each for each in used.values() if each.kind == "words"]
    if step.missing == "median":
        pairs = zip(numbers, step.medians_.tolist(), strict=True)
        numbers = [filled(number, median) for number, median in pairs]
    return _scaled(step, numbers, *_encoded(step, words, len(numbers)))


def _encoded(step: Any, words: list[Column], before: int) -> tuple[tuple[Category, ...], int]:
    """The columns of words, and how many features there are; the encoder itself is asked."""
    import numpy as np

    if not words:
        return (), before
    encoder, found, width = step.encoder_, [], before
    for at, column in enumerate(words):
        seen = [str(each) for each in encoder.categories_[at]]
        if any(word(each) != each for each in seen):
            raise NotLowered(step, "a category in another spelling")
        asked = np.full((len(seen) + 1, len(words)), NOBODY, dtype=object)
        asked[:-1, at] = seen
        said = np.asarray(encoder.transform(asked))
        width = before + said.shape[1]
        codes = said[:, at].tolist() if step.encoding == "ordinal" else _ones(said, before)
        table: dict[str | None, float] = dict(zip(seen, codes, strict=False))
        gap = UNKNOWN if column.fill is None else column.fill
        table[None] = table.get(gap, codes[-1])
        found.append(Category(column.number.position, table, codes[-1]))
    return tuple(found), width


def _ones(said: Any, before: int) -> list[float]:
    """Which feature is 1, for each row; -1 where none is."""
    return [before + int(row.argmax()) if row.any() else -1 for row in said]


def _scaled(step: Any, numbers: list[Number], words: tuple[Category, ...], width: int) -> Front:
    scaler = step.scaler_
    is_one_hot = step.encoding == "one_hot"
    if scaler is None:
        return Front(tuple(numbers), words, is_one_hot, width)
    known = SCALERS.get(name_of(scaler))
    if known is None:
        raise NotLowered(scaler)
    shifts, scales, extra = known(scaler, len(numbers))
    pairs = zip(numbers, shifts, scales, strict=True)
    scaled = [replace(number, shift=shift, scale=scale) for number, shift, scale in pairs]
    front = Front(tuple(scaled), words, is_one_hot, width, **extra)
    return replace(front, numbers=tuple(_with_constants(front, each) for each in scaled))


def _with_constants(front: Front, number: Number) -> Number:
    """The three constants scaled like any other value."""
    bare = replace(number, position=0, low=-inf, high=inf)
    alone = replace(front, numbers=(bare,), categories=())

    def scaled(x: float) -> float:
        return x if isnan(x) else alone.sparse((x,))[0][0]

    known = {key: getattr(number, key) for key in ("missing", "below", "above")}
    constants: dict[str, Any] = {key: scaled(each) for key, each in known.items()}
    return replace(number, **constants)


Scale = tuple[list[float], list[float], dict[str, Any]]


def _listed(values: Any, count: int, default: float) -> list[float]:
    return [default] * count if values is None else [float(each) for each in values]


def _standard(scaler: Any, count: int) -> Scale:
    means = scaler.mean_ if scaler.with_mean else None
    return _listed(means, count, 0.0), _listed(scaler.scale_, count, 1.0), {}


def _robust(scaler: Any, count: int) -> Scale:
    centres = scaler.center_ if scaler.with_centering else None
    scales = scaler.scale_ if scaler.with_scaling else None
    return _listed(centres, count, 0.0), _listed(scales, count, 1.0), {}


def _minmax(scaler: Any, count: int) -> Scale:
    floor, ceiling = scaler.feature_range if scaler.clip else (-inf, inf)
    extra = {"is_product": True, "floor": float(floor), "ceiling": float(ceiling)}
    return _listed(scaler.min_, count, 0.0), _listed(scaler.scale_, count, 1.0), extra


SCALERS: dict[str, Callable[[Any, int], Scale]] = {
    "sklearn.preprocessing._data.MinMaxScaler": _minmax,
    "sklearn.preprocessing._data.RobustScaler": _robust,
    "sklearn.preprocessing._data.StandardScaler": _standard,
}
