"""Reads fitted columns, cleaners and features into a :class:`Front`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import inf, isinf, isnan, nan
from typing import Any

from mlops.core.values import word
from mlops.serving.lowered.front import Category, Front, Number
from mlops.serving.lowered.unknown import NotLowered, name_of
from mlops.serving.nouns import Schema

UNKNOWN = "missing"  # what features call a category that is not known
NOBODY = "\0"  # a text that no encoder has seen


@dataclass
class Column:
    """What the steps so far make of one column.

    Parameters
    ----------
    kind : str
        ``number``, ``words`` or ``date``.
    number : Number
        Unscaled.
    fill : str or None
        What fills a gap among words.
    """

    kind: str
    number: Number
    fill: str | None = None


Columns = dict[str, Column]


def front(steps: Iterable[Any], schema: Schema) -> Front:
    """The fitted `steps` before the model as one pass.

    Raises
    ------
    NotLowered
        A step, or what it learned, is not known here.
    """
    first, *middle, last = steps
    if name_of(first) != "mlops.contract.columns.Columns":
        raise NotLowered(first)
    if name_of(last) != "mlops.features.by_kind.ByKind":
        raise NotLowered(last)
    columns = _columns(first, schema)
    for step in middle:
        _clean(step, columns)
    return _features(last, columns)


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


CLEANERS: dict[str, Callable[[Any, Columns], None]] = {
    "mlops.cleaner.convert_types.ConvertTypes": _same_types,
    "mlops.cleaner.drop_duplicates.DropDuplicates": _keep,
    "mlops.cleaner.drop_missing.DropMissing": _fill,
    "mlops.cleaner.impute.Impute": _fill,
    "mlops.cleaner.iqr.Iqr": _bound,
    "mlops.cleaner.keep_all.KeepAll": _keep,
    "mlops.cleaner.standard.Standard": _several,
}


def filled(number: Number, fill: float) -> Number:
    """`number` with its gaps filled.

    Examples
    --------
    >>> filled(Number(0, low=1.0, below=nan), 7.0)
    Number(position=0, missing=7.0, low=1.0, below=7.0, high=inf, above=0.0, shift=0.0, scale=1.0)
    """
    constants = {key: getattr(number, key) for key in ("missing", "below", "above")}
    gaps: dict[str, Any] = {key: fill for key, each in constants.items() if isnan(each)}
    return replace(number, **gaps)


def _features(step: Any, columns: Columns) -> Front:
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
