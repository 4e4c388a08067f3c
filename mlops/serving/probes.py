"""Rows that would show where a lowered program answers otherwise than its pipeline."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from mlops.serving.lowered.from_front import Fronts
from mlops.serving.lowered.front import Number
from mlops.serving.nouns import Input, Row, Schema

SEED = 0
MIXES = 200
MOST = 3000  # rows in which one column is changed: of wide data each column gets fewer values
SPLITS = 12  # of the values at which trees part, for each number
WORDS = 40  # of the categories of one column
STRANGE = ("\N{SNOWMAN} not seen", "", " ", "true", "1.0", "0", "missing", "nan")
PLAIN = (0.0, 1.0, -1.0, 0.5, 100.0, 1e6, -1e6)
EXTREME = (5e-324, 1e-30, 2.0**53, 1e38, -1e38, 1e300, -1e300)


def probes(schema: Schema, front: Fronts, model: Any, known: Sequence[Row]) -> list[Row]:
    """Rows to compare answers on; the same ones every time.

    A column at a time gets each of its values: none, every category and texts that are none,
    bounds of the cleaner, values at which trees part, the next ones beside them, extremes. Then
    come mixes of them all.

    Parameters
    ----------
    schema : Schema
    front, model
        Of the lowered program.
    known : sequence of Row, at least one
        Rows of the data, as a beginning.
    """
    chance = random.Random(SEED)
    special = _special(front, model, chance)
    pools = [
        _pool(each, [row[at] for row in known], special.get(at, []))
        for at, each in enumerate(schema.inputs)
    ]
    rows, most = list(known), max(3, MOST // len(pools) - 1)
    for at, pool in enumerate(pools):
        extremes = EXTREME if schema.inputs[at].kind == "number" else ()
        values = [*pool, *extremes]
        for value in (None, *chance.sample(values, min(most, len(values)))):
            row = chance.choice(known)
            rows.append((*row[:at], value, *row[at + 1 :]))
    rows += [tuple(_any(chance, pool) for pool in pools) for _ in range(MIXES)]
    return rows


def _any(chance: random.Random, pool: list[Any]) -> Any:
    return None if chance.random() < 0.05 else chance.choice(pool)


def _pool(each: Input, known: list[Any], special: list[float]) -> list[Any]:
    """The values that a column is tried with."""
    seen = [value for value in dict.fromkeys(known) if value is not None]
    if each.kind == "number":
        return [*seen, *special, *PLAIN]
    if each.kind == "date":
        return [*seen, "2024-02-29T00:00:00"]
    return [*seen, *(each.categories or ())[:WORDS], *STRANGE]


def _special(front: Fronts, model: Any, chance: random.Random) -> dict[int, list[float]]:
    """Position in the row to the numbers at which something changes."""
    splits = _splits(model)
    found = {}
    for at, number in enumerate(front.numbers):
        own = splits.get(front.place(at), [])
        some = chance.sample(own, min(SPLITS, len(own)))
        places = [number.low, number.high, *(_raw(front, number, each) for each in some)]
        beside = [near for each in places if math.isfinite(each) for near in _beside(each)]
        found[number.position] = beside
    return found


def _raw(front: Fronts, number: Number, scaled: float) -> float:
    """The number that is scaled to about `scaled`."""
    if front.is_product:
        return (scaled - number.shift) / number.scale if number.scale else math.inf
    return scaled * number.scale + number.shift


def _beside(value: float) -> Iterator[float]:
    yield math.nextafter(value, -math.inf)
    yield value
    yield math.nextafter(value, math.inf)


def _splits(model: Any) -> dict[int, list[float]]:
    """Feature to the values at which trees part, wherever in the model trees are."""
    if hasattr(model, "trees"):
        trees, found = model.trees, dict[int, list[float]]()
        for feature, threshold in zip(trees.feature, trees.threshold, strict=True):
            if math.isfinite(threshold):
                found.setdefault(int(feature), []).append(float(threshold))
        return found
    inner = getattr(model, "model", None) or next(iter(getattr(model, "members", ())), (None,))[0]
    return _splits(inner) if inner is not None else {}
