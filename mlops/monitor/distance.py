"""How far two samples of one column lie apart, from 0 (the same) to 1 (nothing in common)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MISSING = "missing"
MOST_CORRELATED = 300  # categories


@dataclass(frozen=True)
class Distance:
    """A distance, and how far chance alone would put two samples of these sizes apart.

    Parameters
    ----------
    measure : str
        ``Kolmogorov-Smirnov`` or ``total variation``.
    value : float
        In [0, 1].
    by_chance : float
        Exceeded by one in twenty pairs of samples from one distribution.
    """

    measure: str
    value: float
    by_chance: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether chance alone would hardly do that."""
        return self.value > self.by_chance


def of_numbers(a: np.ndarray, b: np.ndarray) -> Distance:
    """The largest vertical distance of two distribution functions, D = sup |Fₐ(x) − F_b(x)|.

    Chance exceeds 1.358 √((n + m) / (n m)) once in twenty [1]_. Values that are not finite are
    left out.

    Parameters
    ----------
    a, b : numpy.ndarray of float, shapes (n,), (m,)

    Examples
    --------
    >>> import numpy as np
    >>> of_numbers(np.array([1.0, 2.0]), np.array([1.0, 9.0])).value
    0.5

    References
    ----------
    .. [1] N. V. Smirnov, Annals of Mathematical Statistics 19, 1948.
    """
    import numpy as np

    a, b = (np.sort(each[np.isfinite(each)]) for each in (a, b))
    if not len(a) or not len(b):
        return Distance("Kolmogorov-Smirnov", float(len(a) != len(b)), 0.0)
    every = np.concatenate([a, b])
    below_a, below_b = (np.searchsorted(each, every, side="right") / len(each) for each in (a, b))
    chance = 1.358 * np.sqrt((len(a) + len(b)) / (len(a) * len(b)))
    return Distance(
        "Kolmogorov-Smirnov", float(np.abs(below_a - below_b).max()), min(1.0, float(chance))
    )


def of_categories(a: pd.Series, b: pd.Series) -> Distance:
    """Half the sum of the differences of shares, TV = ½ Σ |pᵢ − qᵢ|; a gap is a category.

    By chance the differences dᵢ are normal around 0 with variance σᵢ² = pᵢ (1 − pᵢ) (1/n + 1/m)
    and correlation ρᵢⱼ = −√(pᵢ pⱼ / ((1 − pᵢ) (1 − pⱼ))). So |dᵢ| has the mean σᵢ √(2/π), and two
    of them have the covariance 2/π σᵢ σⱼ (√(1 − ρ²) + ρ arcsin ρ − 1) [1]_: with these the sum is
    taken as normal.

    Parameters
    ----------
    a, b : pandas.Series, shapes (n,), (m,)
        Of text; None and NaN are gaps.

    Examples
    --------
    >>> import pandas as pd
    >>> of_categories(pd.Series(["x", "y"]), pd.Series(["x", "x"])).value
    0.5

    References
    ----------
    .. [1] S. Nabeya, Annals of the Institute of Statistical Mathematics 3, 1951.
    """
    import numpy as np

    shares = shares_of(a, b)
    p, q = shares["a"].to_numpy(), shares["b"].to_numpy()
    n, m = len(a), len(b)
    if not n or not m:
        return Distance("total variation", float(n != m), 0.0)
    pooled = (n * p + m * q) / (n + m)
    chance = _by_chance(pooled, 1 / n + 1 / m)
    return Distance("total variation", float(np.abs(p - q).sum() / 2), min(1.0, chance))


def _by_chance(shares: np.ndarray, scale: float) -> float:
    """What the total variation of two samples exceeds once in twenty, see above."""
    import numpy as np

    spread = np.sqrt(shares * (1 - shares) * scale)
    mean = spread.sum() * np.sqrt(2 / np.pi) / 2
    odds = np.sqrt(shares / np.maximum(1 - shares, 1e-12))
    most = np.argsort(-shares)[:MOST_CORRELATED]  # rare ones hardly depend on each other
    rho = np.clip(-np.outer(odds[most], odds[most]), -1, 1)
    np.fill_diagonal(rho, 1.0)
    shape = np.sqrt(1 - rho**2) + rho * np.arcsin(rho) - 1
    variance = spread[most] @ shape @ spread[most] * 2 / np.pi
    others = np.delete(spread, most)
    variance += (others**2).sum() * (1 - 2 / np.pi)
    return float(mean + 1.645 * np.sqrt(max(0.0, variance)) / 2)


def shares_of(a: pd.Series, b: pd.Series) -> pd.DataFrame:
    """The share of each category on both sides, columns ``a`` and ``b``; gaps are ``missing``."""
    import pandas as pd

    counted = {
        side: values.astype(object).where(values.notna(), MISSING).value_counts(normalize=True)
        for side, values in (("a", a), ("b", b))
    }
    return pd.DataFrame(counted).fillna(0.0)
