"""What differs between the data of two models: rows, columns, and how values are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import Dataset
from mlops.core.frames import as_kind
from mlops.core.report import Plot
from mlops.flow.comparison.schema import same_kind, schema_difference
from mlops.monitor.distance import Distance, of_categories, of_numbers, shares_of

if TYPE_CHECKING:
    import pandas as pd

LARGEST, HIDDEN, BINS = 20, "hidden", 24
NUMBERS = ("numeric", "boolean", "date")
LEFT_OUT = ("id", "ignored", "text")  # every value is its own


@dataclass(frozen=True)
class _Pair:
    """One column that both have, of one kind."""

    name: str
    kind: str
    a: pd.Series
    b: pd.Series
    sensitive: bool

    @property
    def distance(self) -> Distance:
        if self.kind in NUMBERS:
            return of_numbers(*(_as_numbers(each, self.kind) for each in (self.a, self.b)))
        return of_categories(as_kind(self.a, "category"), as_kind(self.b, "category"))


def data_difference(a: Dataset, b: Dataset) -> tuple[dict[str, Any], tuple[Plot, ...]]:
    """Compare two data sets; no value of a sensitive column is told.

    Returns
    -------
    dict
        ``same`` (bool), ``rows`` (a and b), ``schema`` (rows ``column``, ``change``, ``a``,
        ``b``), ``drift`` (the 20 largest distances: ``column``, ``distance``, ``by_chance``,
        ``measure``, ``a``, ``b``, ``missing_a``, ``missing_b``), ``compared`` (columns).
    tuple of Plot
    """
    found: dict[str, Any] = {
        "same": a.fingerprint == b.fingerprint and a.columns == b.columns,
        "rows": {"a": len(a.frame), "b": len(b.frame)},
        "source": {"a": a.source, "b": b.source},
        "schema": schema_difference(a, b),
        "drift": [],
        "compared": 0,
    }
    if found["same"]:
        return found, ()
    measured = [(each, each.distance) for each in _common(a, b)]
    measured.sort(key=lambda pair: -pair[1].value)
    found["compared"] = len(measured)
    found["drift"] = [_row(*pair) for pair in measured[:LARGEST] if pair[1].value > 0]
    return found, _plots(measured)


def _common(a: Dataset, b: Dataset) -> list[_Pair]:
    left_out = {each.name for data in (a, b) for each in data.columns if each.role in LEFT_OUT}
    sensitive = {*a.sensitive, *b.sensitive}
    return [
        _Pair(name, found, a.frame[name], b.frame[name], name in sensitive)
        for name, found in same_kind(a, b).items()
        if name not in left_out
    ]


def _as_numbers(values: pd.Series, found: str) -> Any:
    numbers = as_kind(values, found)
    if found == "date":
        return numbers.dropna().astype("int64").to_numpy(dtype=float)
    return numbers.to_numpy(dtype=float)


def _row(column: _Pair, distance: Distance) -> dict[str, Any]:
    centre_a, centre_b = (HIDDEN, HIDDEN) if column.sensitive else _centres(column)
    return {
        "column": column.name,
        "distance": distance.value,
        "by_chance": distance.by_chance,
        "measure": distance.measure,
        "a": centre_a,
        "b": centre_b,
        "missing_a": float(column.a.isna().mean()),
        "missing_b": float(column.b.isna().mean()),
    }


def _centres(column: _Pair) -> tuple[str, str]:
    """The median of numbers; of categories the one whose share moved most."""
    if column.kind in ("numeric", "boolean"):
        medians = (as_kind(each, column.kind).median() for each in (column.a, column.b))
        before, after = (f"median {each:.4g}" for each in medians)
        return before, after
    if column.kind == "date":
        before, after = (f"median {str(each.median())[:10]}" for each in (column.a, column.b))
        return before, after
    shares = shares_of(as_kind(column.a, "category"), as_kind(column.b, "category"))
    most = (shares["a"] - shares["b"]).abs().idxmax()
    before, after = (f"{str(most)[:40]} {shares.loc[most, side]:.0%}" for side in ("a", "b"))
    return before, after


def _plots(measured: list[tuple[_Pair, Distance]]) -> tuple[Plot, ...]:
    """The largest distances, and the number column that moved most."""
    bars = [(each.name, distance.value) for each, distance in measured[:12] if distance.value > 0]
    if not bars:
        return ()
    plots = [Plot("bar", "Largest distances", "", "", {"distance": bars})]
    for each, distance in measured:
        if each.kind == "numeric" and not each.sensitive and distance.is_beyond_chance:
            return (*plots, _histogram(each))
    return tuple(plots)


def _histogram(column: _Pair) -> Plot:
    """The share of rows in bins that both share."""
    import numpy as np

    values = [_as_numbers(each, column.kind) for each in (column.a, column.b)]
    values = [each[np.isfinite(each)] for each in values]
    edges = np.histogram_bin_edges(np.concatenate(values), bins=BINS)
    middles = ((edges[:-1] + edges[1:]) / 2).tolist()
    series = {}
    for name, each in zip("ab", values, strict=True):
        shares = np.histogram(each, edges)[0] / max(1, len(each))
        series[name] = list(zip(middles, shares.tolist(), strict=True))
    return Plot("histogram", f"How {column.name} is spread", column.name, "share of rows", series)
