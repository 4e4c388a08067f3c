"""How far two samples of one column lie apart, from 0 (the same) to 1 (nothing in common)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MISSING = "missing"


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

    By chance each difference is normal around 0 with variance pᵢ (1 − pᵢ) (1/n + 1/m), which gives
    the sum's mean and, taking them as independent, an upper bound of its variance.

    Parameters
    ----------
    a, b : pandas.Series, shapes (n,), (m,)
        Of text; None and NaN are gaps.

    Examples
    --------
    >>> import pandas as pd
    >>> of_categories(pd.Series(["x", "y"]), pd.Series(["x", "x"])).value
    0.5
    """
    import numpy as np

    shares = shares_of(a, b)
    p, q = shares["a"].to_numpy(), shares["b"].to_numpy()
    n, m = len(a), len(b)
    if not n or not m:
        return Distance("total variation", float(n != m), 0.0)
    pooled = (n * p + m * q) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m)
    mean = np.sqrt(variance * 2 / np.pi).sum() / 2
    spread = np.sqrt((variance * (1 - 2 / np.pi)).sum()) / 2
    chance = float(mean + 1.645 * spread)
    return Distance("total variation", float(np.abs(p - q).sum() / 2), min(1.0, chance))


def shares_of(a: pd.Series, b: pd.Series) -> pd.DataFrame:
    """The share of each category on both sides, columns ``a`` and ``b``; gaps are ``missing``."""
    import pandas as pd

    counted = {
        side: values.astype(object).where(values.notna(), MISSING).value_counts(normalize=True)
        for side, values in (("a", a), ("b", b))
    }
    return pd.DataFrame(counted).fillna(0.0)
