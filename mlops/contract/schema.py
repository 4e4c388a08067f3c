"""The contract as a noun: one rule for each column, learned from rows, kept as YAML."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import ROLES, Dataset
from mlops.core.errors import MlopsError, fail, listed
from mlops.core.values import word

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1
WHOLE = re.compile(r"0|-?[1-9]\d*")
OFTEN = 10  # times that each of a closed set of words is seen, on average
KINDS = {"numeric": "number", "date": "date", "time": "date"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one column promises.

    Parameters
    ----------
    role : str
    kind : str
        ``number``, ``date`` or ``words``.
    nullable : bool
        Whether a value may be missing.
    low, high : float or None
        Accepted bounds of a number, both included; None: no bound.
    categories : tuple or None
        All accepted values; None: any.
    sensitive : bool
        Then neither bounds nor categories are kept: they are people's values.
    """

    role: str
    kind: str
    nullable: bool = True
    low: float | None = None
    high: float | None = None
    categories: tuple[Any, ...] | None = None
    sensitive: bool = False


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The rules of all columns.

    Parameters
    ----------
    task, target : str
    rows : int
        It was learned from so many.
    columns : dict of str to Rule
    """

    task: str
    target: str
    rows: int = 0
    columns: dict[str, Rule] = field(default_factory=dict)

    def to_yaml(self) -> str:
        """The file's text, with a header that tells how to change it."""
        import yaml

        rules = {name: _short(rule) for name, rule in self.columns.items()}
        head = {"version": VERSION, "task": self.task, "target": self.target, "rows": self.rows}
        text = yaml.safe_dump(
            {**head, "columns": rules}, sort_keys=False, allow_unicode=True, width=100
        )
        return (
            "# What this data promises. Rows that break it are put aside with the reason.\n"
            "# low and high are the accepted bounds, categories all accepted values;\n"
            "# a line taken out is a promise not asked for.\n" + text
        )

    @classmethod
    def from_yaml(cls, text: str, where: str) -> Schema:
        """Read what :meth:`to_yaml` wrote, or somebody edited; `where` names the file.

        Raises
        ------
        MlopsError
            It is no contract.
        """
        from mlops.core.yamlfile import parse

        try:
            document = parse(text, Path(where), as_written=True)
        except MlopsError as error:
            (problem,) = error.problems
            raise _unreadable(problem.where, problem.found) from None
        raw, wanted = document.data, {"version", "task", "target", "rows", "columns"}
        if set(raw) - wanted or not isinstance(raw.get("columns"), dict):
            raise _unreadable(where, "other keys than " + ", ".join(sorted(wanted)))
        if raw.get("version") != str(VERSION):
            raise _unreadable(where, f"version {raw.get('version')}")
        rules = {
            name: _rule(each, f"{document.at(f'columns.{name}')}, columns.{name}")
            for name, each in raw["columns"].items()
        }
        rows = _number(raw.get("rows") or "0", document.at("rows"), "rows")
        return cls(
            task=str(raw.get("task")), target=str(raw.get("target")),
            rows=int(rows), columns=rules,
        )  # fmt: skip


def _short(rule: Rule) -> dict[str, Any]:
    """Only what is promised."""
    said = asdict(rule)
    kept = {key: value for key, value in said.items() if value is not None and value is not False}
    if rule.categories is not None:
        kept["categories"] = list(rule.categories)
    return {**kept, "nullable": rule.nullable}


def _rule(raw: Any, place: str) -> Rule:
    known = {each.name for each in fields(Rule)}
    if not isinstance(raw, dict) or set(raw) - known:
        raise _unreadable(place, "other keys than " + ", ".join(sorted(known)))
    role, kind = raw.get("role"), raw.get("kind")
    if role not in ROLES or kind not in (*KINDS.values(), "words"):
        raise _unreadable(place, "no known role and kind")
    said: dict[str, Any] = {key: each for key, each in raw.items() if each is not None}
    for key in {"low", "high"} & set(said):
        said[key] = _number(said[key], place, key)
    for key in {"nullable", "sensitive"} & set(said):
        said[key] = _yes_or_no(said[key], place, key)
    if "categories" in said:
        said["categories"] = _categories_of(said["categories"], role, kind, place)
    return Rule(**said)


def _number(text: Any, place: str, key: str) -> float:
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise _unreadable(place, f"{key} is no number")
    return number


def _yes_or_no(text: Any, place: str, key: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if str(text).lower() not in words:
        raise _unreadable(place, f"{key} is neither true nor false")
    return words[str(text).lower()]


def _categories_of(found: Any, role: str, kind: str, place: str) -> tuple[Any, ...]:
    """The categories as the column has them: words, numbers, or the labels of a target."""
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise _unreadable(place, "categories is no list of values")
    if kind == "number":
        return tuple(_number(each, place, "a category") for each in found)
    words = [word(each) or "" for each in found]
    if role == "target" and set(words) <= {"True", "False"}:
        return tuple(each == "True" for each in words)
    if role == "target" and all(WHOLE.fullmatch(each) for each in words):
        return tuple(map(int, words))
    return tuple(words)


def _unreadable(where: str, found: str) -> MlopsError:
    return fail(
        "contract-unreadable",
        "The contract cannot be read.",
        where=where,
        found=found,
        accepted=f"version {VERSION}, a role ({listed(ROLES)}) and a kind for each column",
        next_step="mend the file, or delete it: the next run learns it anew",
    )


def learn(dataset: Dataset, *, margin: float, max_categories: int) -> Schema:
    """The contract that `dataset` keeps.

    Bounds of a number are its least and greatest value, widened by `margin` times their
    distance; where no value is negative, none may be. Words are categories if there are at most
    `max_categories`, each seen ten times on average; more are an open set.
    """
    rules = {}
    for column in dataset.columns:
        values = dataset.frame[column.name]
        is_number = column.role == "target" and not dataset.task.classes
        kind = "number" if is_number else KINDS.get(column.role, "words")
        nullable = column.role == "ignored" or bool(values.isna().any())
        low = high = categories = None
        if kind == "number" and not column.sensitive:
            low, high = _bounds(values, margin)
        if column.role == "target" and dataset.task.classes and not column.sensitive:
            categories = dataset.task.classes
        elif column.role == "categorical" and not column.sensitive:
            categories = _categories(values, max_categories)
        rules[column.name] = Rule(
            role=column.role, kind=kind, nullable=nullable, low=low, high=high,
            categories=categories, sensitive=column.sensitive,
        )  # fmt: skip
    return Schema(
        task=dataset.task.name, target=dataset.task.target, rows=len(dataset.frame), columns=rules
    )


def _bounds(values: pd.Series, margin: float) -> tuple[float | None, float | None]:
    if not values.notna().any():
        return None, None
    low, high = float(values.min()), float(values.max())
    wide = margin * (high - low) or max(abs(high), 1.0) * margin
    return (max(0.0, low - wide) if low >= 0 else low - wide), high + wide


def _categories(values: pd.Series, most: int) -> tuple[str, ...] | None:
    distinct = values.dropna().unique().tolist()
    closed = len(distinct) <= most and len(distinct) * OFTEN <= len(values)
    return tuple(sorted(distinct)) if closed else None
