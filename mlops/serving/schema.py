"""What a version takes and gives, read from what it was registered with and from its pipeline."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from mlops.core.values import as_dates, as_numbers, as_words
from mlops.serving.nouns import Input, Row, Schema

if TYPE_CHECKING:
    import pandas as pd

    from mlops.contract.schema import Rule
    from mlops.contract.schema import Schema as Contract

CONTRACT = "contract.yaml"
KINDS = {"double": "number", "long": "number", "datetime": "date"}  # of a model's signature
GAP = "missing"  # the name that features give to a category that is not known
MADE_UP = {"number": 1.0, "words": "example", "date": "2024-01-01T00:00:00"}
SHOWN = 3
ENOUGH = 3  # people whose numbers have a middle that is none of theirs to the digit


def schema(folder: Path, about: dict[str, Any], pipeline: Any, golden: pd.DataFrame) -> Schema:
    """The schema of a version.

    Parameters
    ----------
    folder : pathlib.Path
        Of the version; a contract in it says what is sensitive and what may be missing.
    about : dict
        The version's manifest: ``signature`` and ``task``.
    pipeline : fitted estimator
    golden : DataFrame
        Rows as the model takes them; the example is made of them.

    Raises
    ------
    MlopsError
        The contract cannot be read.
    """
    contract = _contract(folder)
    rules, rows = (contract.columns, contract.rows) if contract else ({}, 0)
    kinds, learned = _kinds(pipeline), _categories(pipeline)
    inputs = tuple(
        _input(
            name,
            kinds.get(name, KINDS.get(kind, "words")),
            rules.get(name),
            _told(learned.get(name), rules.get(name), rows),
        )
        for name, kind, _ in about["signature"]["inputs"]
    )
    return Schema(
        inputs=inputs,
        task=str(about["task"]["name"]),
        target=str(about["task"]["target"]),
        classes=tuple(_listed(pipeline, "classes_")),
        example=_example(inputs, golden),
    )


def spread(folder: Path, target: str) -> list[float]:
    """Ten steps through the numbers that the contract accepts of the target; else nothing."""
    contract = _contract(folder)
    rule = contract.columns.get(target) if contract else None
    if rule is None or rule.sensitive or rule.low is None or rule.high is None:
        return []
    width = (rule.high - rule.low) / 10
    return [rule.low + step * width for step in range(11)] if width > 0 else []


def rows_of(frame: pd.DataFrame, inputs: tuple[Input, ...]) -> list[Row]:
    """The rows of a frame as programs take them.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"zip": [8000.0, None], "rooms": [3, 4]})
    >>> rows_of(frame, (Input("rooms", "number"), Input("zip", "words")))
    [(3.0, '8000'), (4.0, None)]
    """
    columns = [_plain(frame[each.name], each.kind) for each in inputs]
    return list(zip(*columns, strict=True))


def _plain(column: pd.Series, kind: str) -> list[Any]:
    if kind == "number":
        numbers = as_numbers(column)[0].tolist()
        return [each if math.isfinite(each) else None for each in numbers]
    if kind == "date":
        dates = as_dates(column)[0]
        return [None if is_gap else each.isoformat() for each, is_gap in _with_gaps(dates)]
    return [None if is_gap else each for each, is_gap in _with_gaps(as_words(column))]


def _with_gaps(column: pd.Series) -> zip[tuple[Any, bool]]:
    return zip(column, column.isna(), strict=True)


def _listed(fitted: Any, name: str) -> list[Any]:
    """A fitted attribute as plain values; empty where there is none."""
    found = getattr(fitted, name, None)
    return [] if found is None else list(found.tolist())


def _contract(folder: Path) -> Contract | None:
    from mlops.contract.store import load

    file = folder / CONTRACT
    return load(file) if file.is_file() else None


def _told(learned: tuple[str, ...] | None, rule: Rule | None, rows: int) -> tuple[str, ...] | None:
    """The words that were learned; none of names and the like, which belong to people.

    Who could ask whether the model has seen a name would know whom it has learned from.
    """
    from mlops.contract.schema import OFTEN

    if learned is None or rule is None or not rule.sensitive:
        return learned
    return learned if len(learned) * OFTEN <= rows else None


def _input(name: str, kind: str, rule: Rule | None, learned: tuple[str, ...] | None) -> Input:
    """One column: what the contract promises of it, and what the pipeline has seen in it."""
    promised = None if rule is None else rule.categories
    if learned is None and promised is not None:
        learned = tuple(str(each) for each in promised)
    is_nullable = rule is not None and rule.nullable
    if learned is not None and is_nullable and GAP not in (promised or ()):
        learned = tuple(each for each in learned if each != GAP)
    return Input(
        name=name,
        kind=kind,
        required=not is_nullable,
        sensitive=rule is not None and rule.sensitive,
        categories=learned if kind == "words" else None,
    )


def _kinds(pipeline: Any) -> dict[str, str]:
    """How the door of the pipeline reads each column."""
    columns = getattr(pipeline, "named_steps", {}).get("columns")
    kinds = ["words" if kind == "codes" else kind for kind in _listed(columns, "kinds_")]
    return dict(zip(_listed(columns, "feature_names_in_"), kinds, strict=False))


def _categories(pipeline: Any) -> dict[str, tuple[str, ...]]:
    """What the features have seen in each column of categories, where they are of our own."""
    features: Any = getattr(pipeline, "named_steps", {}).get("features")
    found = {**_seen(features), **_seen(getattr(features, "base_", None))}
    if (means := getattr(features, "means_", None)) is not None:
        seen = (tuple(map(str, each)) for each in means.categories_)
        found |= zip(features.many_, seen, strict=True)
    return found


def _seen(features: Any) -> dict[str, tuple[str, ...]]:
    """The same of one step."""
    encoder = getattr(features, "encoder_", None)
    if encoder is None or not hasattr(encoder, "categories_"):
        return {}
    kinds = zip(_listed(features, "feature_names_in_"), features.kinds_, strict=True)
    names = [name for name, kind in kinds if kind == "category"]
    seen = [tuple(map(str, each)) for each in encoder.categories_]
    return dict(zip(names, seen, strict=True))


def _example(inputs: tuple[Input, ...], golden: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Rows of the test part that a server takes without a word, with nobody's own values in them.

    What is sensitive, or would be refused, is replaced.
    """
    rows = rows_of(golden, inputs)
    others = [_made_up(each, [row[at] for row in rows]) for at, each in enumerate(inputs)]
    return tuple(
        {
            each.name: value if _is_shown(each, value) else other
            for each, value, other in zip(inputs, row, others, strict=True)
        }
        for row in rows[:SHOWN]
    )


def _is_shown(each: Input, value: Any) -> bool:
    if value is None:
        return not (each.required or each.sensitive)
    is_known = each.categories is None or value in each.categories
    return is_known and not each.sensitive


def _made_up(each: Input, values: list[Any]) -> Any:
    """A value that could stand in a column and is nobody's: of numbers the middle, to a digit.

    >>> _made_up(Input("age", "number"), [34.0, 47.0, None, 53.0])
    50.0
    """
    numbers = [value for value in values if isinstance(value, float)]
    if each.categories is not None:
        return next(iter(each.categories), None)
    if each.kind == "number" and len(numbers) >= ENOUGH:
        return float(f"{median(numbers):.0e}")
    return MADE_UP[each.kind]
