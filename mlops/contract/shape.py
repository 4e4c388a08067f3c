"""The columns against the contract: missing, renamed, of another type, extra; all at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlops.contract.quarantine import Reasons
from mlops.contract.schema import Rule, Schema
from mlops.core.dataset import Column, Dataset
from mlops.core.errors import REFUSED, closest, fail, listed
from mlops.core.values import as_dates, as_numbers, as_words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOSTLY = 0.5  # a column with more values of another type is another column


def fitted(dataset: Dataset, schema: Schema, file: str) -> Dataset:
    """The data set with the roles that the contract names, its columns in that order.

    Raises
    ------
    MlopsError
        With every column that does not fit; exit code 3.
    """
    given = {column.name: column for column in dataset.columns}
    wanted = {name: rule for name, rule in schema.columns.items() if rule.role != "ignored"}
    missing = [name for name in wanted if name not in given]
    extra = [name for name in given if name not in schema.columns]
    renamed = {name: closest(name, extra) for name in missing}
    found = [
        f"{name}: missing" + (f", perhaps renamed to {renamed[name]}" if renamed[name] else "")
        for name in missing
    ]
    found += [f"{name}: extra" for name in extra if name not in renamed.values()]
    typed: dict[str, pd.Series] = {}
    for name in (each for each in schema.columns if each in given):
        values = dataset.frame[name]
        problem = _another_type(name, values, given[name].role, dataset, schema)
        found += [problem] if problem else []
        if not problem and given[name].role != schema.columns[name].role:
            typed[name] = _as_kind(values, schema.columns[name].kind)
    if found:
        raise _broken(found, [each for each in renamed.values() if each], schema, file)
    order = [name for name in schema.columns if name in given]
    columns = tuple(
        Column(
            name, schema.columns[name].role, schema.columns[name].sensitive or given[name].sensitive
        )
        for name in order
    )
    if not typed and columns == dataset.columns:
        return dataset
    return replace(dataset, frame=dataset.frame.assign(**typed)[order], columns=columns)


def roles_pinned(dataset: Dataset, schema: Schema) -> list[str]:
    """Sentences on columns that look like another role than the contract's, which is kept."""
    return [
        f"{column.name}: {schema.columns[column.name].role} by contract, looks {column.role}"
        for column in dataset.columns
        if column.role != schema.columns[column.name].role
    ]


def _another_type(
    name: str, values: pd.Series, looks: str, dataset: Dataset, schema: Schema
) -> str:
    rule = schema.columns[name]
    if rule.role == "target":
        same = dataset.task.name == schema.task and name == dataset.task.target
        return "" if same else f"{name}: {schema.task} by contract, {dataset.task.name} in the data"
    if rule.role in ("ignored", looks):
        return ""  # of the same role: single values may be wrong, which is told row by row
    known = max(int(values.notna().sum()), 1)
    lost = 0.0
    if rule.kind == "number" and values.dtype != "float64":
        lost = as_numbers(values)[1].sum() / known
    elif rule.kind == "date":
        lost = as_dates(values)[1].sum() / known
    elif rule.kind == "words" and values.dtype != "str":
        words = as_words(values).dropna()
        lost = 1.0 - float(words.isin(rule.categories or ()).mean()) if len(words) else 0.0
        lost = 0.0 if rule.role == "id" else lost
    found = "number" if values.dtype == "float64" else "words"
    found = "date" if values.dtype.kind == "M" else found
    return f"{name}: {rule.kind} by contract, {found} in the data" if lost > MOSTLY else ""


def _as_kind(values: pd.Series, kind: str) -> pd.Series:
    """Cast if all values can be; else leave the text, whose rows are put aside later."""
    if kind == "words":
        return values if values.dtype == "str" else as_words(values)
    cast, broken = as_numbers(values) if kind == "number" else as_dates(values)
    return values if broken.any() else cast


def _broken(found: list[str], near: list[str], schema: Schema, file: str) -> Exception:
    return fail(
        "contract-columns",
        "The data has other columns than its contract.",
        where=file,
        found="; ".join(found),
        accepted=listed(f"{name} ({rule.kind})" for name, rule in schema.columns.items()),
        closest=listed(near),
        next_step="mend the data; or, if the change is meant, edit that file or delete it to learn "
        "it anew",
        exit_code=REFUSED,
    )


def rows_against(dataset: Dataset, schema: Schema, reasons: Reasons) -> None:
    """Add to `reasons` the rows that break a rule of `schema`; types are settled by now."""
    for name, rule in schema.columns.items():
        if name in dataset.frame and rule.role != "ignored":
            _check(name, dataset.frame[name], rule, reasons)


def _check(name: str, values: pd.Series, rule: Rule, reasons: Reasons) -> None:
    missing = values.isna().to_numpy()
    if not rule.nullable and rule.role != "target":
        reasons.add(f"{name}: missing", missing & ~_told(name, reasons))
    if rule.kind == "number" and not values.empty:
        numbers = values.to_numpy(dtype="float64")
        if rule.low is not None:
            reasons.add(f"{name}: below {rule.low:g}", numbers < rule.low)
        if rule.high is not None:
            reasons.add(f"{name}: above {rule.high:g}", numbers > rule.high)
    if rule.categories is not None:
        known = values.isin(list(rule.categories)).to_numpy()
        reasons.add(f"{name}: not one of the known categories", ~known & ~missing)


def _told(name: str, reasons: Reasons) -> np.ndarray:
    """Rows where the column is said to hold no number or date: they are not missing, but wrong."""
    import numpy as np

    if not {f"{name}: not a number", f"{name}: not a date"} & reasons.counts.keys():
        return np.zeros(len(reasons.texts), dtype=bool)
    told = reasons.broken
    told[told] = [f"{name}: not a" in text for text in reasons.texts[told]]
    return told
