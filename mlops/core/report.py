"""The nouns of judgement: scores, gates, slices, plots, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np


def rounded(value: float) -> str:
    """A number as sentences tell it: four digits, thousands in full.

    >>> rounded(3.97713), rounded(15994.2), rounded(0.00012)
    ('3.977', '15,994', '0.00012')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


@dataclass(frozen=True)
class Predictions:
    """What a model answered.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_rows,)
        Numbers, or labels.
    probabilities : numpy.ndarray or None, shape (n_rows, n_classes)
        Columns in the order of ``Task.classes``; None where the model gives none.
    """

    values: np.ndarray
    probabilities: np.ndarray | None = None

    def at(self, positions: np.ndarray) -> Predictions:
        """The answers for the rows at `positions`."""
        chances = self.probabilities
        return Predictions(self.values[positions], None if chances is None else chances[positions])


@dataclass(frozen=True)
class Metric:
    """One number with what it is compared to.

    Parameters
    ----------
    name : str
    value : float
        On the untouched test part.
    low, high : float or None
        Bounds of the 95 % bootstrap interval.
    baseline : float or None
        The trivial model's value on the same rows.
    cv_mean, cv_std : float or None
        Over the folds inside the training part.
    greater_is_better : bool
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    cv_mean: float | None = None
    cv_std: float | None = None
    greater_is_better: bool = True


@dataclass(frozen=True)
class Difference:
    """One metric of two models on the same rows.

    Parameters
    ----------
    name : str
    a, b : float
        The value of each.
    low, high : float or None
        Bounds of the 95 % paired bootstrap interval of b − a; None where there is none.
    greater_is_better : bool

    Examples
    --------
    >>> Difference("rmse", a=5.0, b=4.5, low=-0.8, high=-0.2, greater_is_better=False).better
    'b'
    """

    name: str
    a: float
    b: float
    low: float | None = None
    high: float | None = None
    greater_is_better: bool = True

    @property
    def change(self) -> float:
        """What b has more than a: b − a."""
        return self.b - self.a

    @property
    def better(self) -> str:
        """Which of the two is better beyond chance: ``a``, ``b``, or empty for neither."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return ""
        return "b" if (self.low > 0) == self.greater_is_better else "a"


@dataclass(frozen=True)
class Rival:
    """The model in use, and what it answers on rows that neither it nor the new one has seen.

    Parameters
    ----------
    label : str
        ``version 3 (champion)``; empty: there is none yet.
    says : str
        Which rows these are; without `predictions`, why the two cannot be compared and what to do.
    positions : numpy.ndarray of int or None, shape (n_rows,)
        Where these rows stand in the test part.
    predictions : Predictions or None
        What it answers for them.
    """

    label: str = ""
    says: str = ""
    positions: np.ndarray | None = None
    predictions: Predictions | None = None


class Footprint(NamedTuple):
    """What a fitted pipeline takes.

    Parameters
    ----------
    size_bytes : int
        Of its file.
    latency_s : float
        Median time to answer one row.
    """

    size_bytes: int
    latency_s: float


@dataclass(frozen=True)
class Gate:
    """One condition that a version has to meet.

    Parameters
    ----------
    name : str
    passed : bool
        False refuses the version.
    says : str
    waived : bool
        The condition is not met, and passes because nothing is judged.
    """

    name: str
    passed: bool
    says: str
    waived: bool = False


@dataclass(frozen=True)
class Plot:
    """Data of one picture, drawn by whoever shows it.

    Parameters
    ----------
    kind : str
        ``scatter``, ``line``, ``dots``, ``bar``, ``histogram``, ``matrix``, ``history`` (a line,
        then dots) or ``parallel``.
    title, x_label, y_label : str
    series : dict of str to list
        ``scatter``/``line``: name to list of (x, y); two points are a reference line. ``dots``:
        name to list of (x, (y, low, high)), an interval of None is not drawn.
        ``bar``/``histogram``: name to list of (label, value). ``matrix``: row label to list of
        (column label, value). ``parallel``: axis to list of (line, value), the lines in the same
        order on each; numbers, texts or None.
    x_axis : str
        ``number``, ``whole`` (numbers, marked at whole ones only) or ``date`` (days since the
        epoch).
    """

    kind: str
    title: str
    x_label: str
    y_label: str
    series: dict[str, list[tuple[Any, Any]]]
    x_axis: str = "number"


@dataclass(frozen=True)
class Report:
    """The verdict on one fitted pipeline.

    Parameters
    ----------
    task : str
    primary : str
        Name of the metric that ranks.
    metrics : tuple of Metric
    gates : tuple of Gate
    slices : tuple of dict
        One row a slice: ``column``, ``value``, ``rows`` and one key a metric.
    worst : tuple of dict
        The rows predicted worst: ``row`` (position in the test part), ``actual``, ``predicted``,
        ``error`` and the feature values that are not sensitive.
    plots : tuple of Plot
    warnings : tuple of str
    """

    task: str
    primary: str
    metrics: tuple[Metric, ...]
    gates: tuple[Gate, ...] = ()
    slices: tuple[dict[str, Any], ...] = ()
    worst: tuple[dict[str, Any], ...] = ()
    plots: tuple[Plot, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """True if no gate refuses."""
        return all(gate.passed for gate in self.gates)

    def metric(self, name: str) -> Metric:
        """The metric called `name`; KeyError if there is none."""
        return {metric.name: metric for metric in self.metrics}[name]
