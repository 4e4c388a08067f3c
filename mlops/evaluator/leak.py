"""A single column that tells the target: most often the target itself, under another name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops.core.dataset import Dataset
from mlops.core.report import Gate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MIN_ROWS = 20  # with fewer, chance alone looks like a leak
MIN_OF_A_CLASS = 5
MOST_ROWS = 20_000  # evenly spaced; a leak shows in them as well as in all


@dataclass(frozen=True)
class Suspects:
    """What the columns say about the target, one by one.

    Parameters
    ----------
    found : tuple of str
        Evidence that refuses: column, statistic, rows.
    notes : tuple of str
        Evidence that only warns.
    """

    found: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def gate(self) -> Gate:
        """Passed if nothing was found."""
        says = "; ".join(self.found) or "no single column tells the target"
        return Gate("no leak", not self.found, f"leak suspected: {says}" if self.found else says)


def suspects(train: Dataset, above: float) -> Suspects:
    """Look at each feature of the training part alone.

    A target of numbers: the feature equals it, or |Pearson's or Spearman's correlation| exceeds
    `above`, or values of both repeat together, one to one. A target of classes: rows with the same
    value of the feature have the same class; each row's class is guessed from the *other* rows with
    its value, so that an id, which never repeats, guesses nothing; the mean recall of the guesses
    exceeds `above`. A single threshold on a many-valued number that splits two classes without a
    mistake only warns: easy data exists.

    Parameters
    ----------
    train : Dataset
    above : float
        In (0, 1].
    """
    found, notes = [], []
    classes = bool(train.task.classes)
    frame = train.frame.iloc[:: -(-len(train.frame) // MOST_ROWS) or 1]
    for name in train.features:
        pair = frame[[name, train.task.target]].dropna()
        if len(pair) < max(MIN_ROWS, len(frame) // 2):
            continue
        feature, target = pair.iloc[:, 0], pair.iloc[:, 1]
        evidence = (_of_classes if classes else _of_numbers)(feature, target, above)
        if evidence:
            found.append(f"column {_quoted(name)} {evidence} ({len(pair)} rows)")
        elif classes and _splits(feature, target):
            notes.append(
                f"column {_quoted(name)} alone separates the classes without a mistake: "
                "make sure it is known before the outcome"
            )
    return Suspects(tuple(found), tuple(notes))


def _quoted(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:59] + "…")


def _of_numbers(feature: pd.Series, target: pd.Series, above: float) -> str:
    import numpy as np
    import pandas as pd

    y = np.asarray(target, dtype=float)
    dates = pd.api.types.is_datetime64_any_dtype(feature.dtype)
    x = np.full(len(y), np.nan) if dates else _as_numbers(feature)
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() >= max(MIN_ROWS, len(y) // 2) and np.ptp(y[both]) > 0:
        x, y = x[both], y[both]
        if np.array_equal(x, y):
            return "equals the target"
        for kind, left, right in (("", x, y), ("rank ", _ranks(x), _ranks(y))):
            value = _correlation(left, right)
            if abs(value) > above:
                return f"has a {kind}correlation of {value:.6f} with the target"
    return _one_to_one(feature, target)


def _as_numbers(feature: pd.Series) -> np.ndarray:
    """Texts that are numbers count as numbers; the rest become NaN."""
    import numpy as np
    import pandas as pd

    return np.asarray(pd.to_numeric(feature, errors="coerce"), dtype=float)


def _ranks(values: np.ndarray) -> np.ndarray:
    import pandas as pd

    return pd.Series(values).rank().to_numpy()


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    import numpy as np

    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0 and np.isfinite(scale) else 0.0


def _one_to_one(feature: pd.Series, target: pd.Series) -> str:
    """Each value of one goes with one value of the other, shown by enough repetitions."""
    import pandas as pd

    pairs = pd.DataFrame({"x": feature.to_numpy(), "y": target.to_numpy()}).drop_duplicates()
    distinct = len(pairs)
    matched = pairs["x"].nunique() == distinct == pairs["y"].nunique()
    if matched and distinct > 1 and len(feature) - distinct >= MIN_ROWS:
        return f"goes with the target one to one over {distinct} values"
    return ""


def _of_classes(feature: pd.Series, target: pd.Series, above: float) -> str:
    import numpy as np
    import pandas as pd

    x, _ = pd.factorize(feature.astype(object))
    y, classes = pd.factorize(target.astype(object))
    sizes = np.bincount(y)
    if len(classes) < 2 or np.sort(sizes)[-2:].min() < MIN_OF_A_CLASS:
        return ""
    recalls = _guessed(x, y, len(classes))[sizes >= MIN_OF_A_CLASS]
    if len(recalls) < 2 or recalls.mean() <= above:
        return ""
    if x.max() + 1 == len(classes):
        return "is the target under other names"
    return f"tells the class by its value alone: mean recall {recalls.mean():.6f}"


def _guessed(x: np.ndarray, y: np.ndarray, n_classes: int) -> np.ndarray:
    """Recall of each class when a row's class is the majority of the other rows with its value."""
    import numpy as np

    cells, cell, count = np.unique(x * n_classes + y, return_inverse=True, return_counts=True)
    value = cells // n_classes
    order = np.lexsort((count, value))  # per value, the most frequent class comes last
    ranked = value[order]
    top = order[np.append(ranked[1:] != ranked[:-1], True)]
    second = np.zeros(len(cells), dtype=int)
    tied = ranked[1:] == ranked[:-1]
    second[order[1:][tied]] = count[order[:-1][tied]]
    right = np.zeros(len(cells))
    right[top] = count[top] - 1 > second[top]
    return np.bincount(y, weights=right[cell], minlength=n_classes) / np.bincount(y)


def _splits(feature: pd.Series, target: pd.Series) -> bool:
    """One threshold puts two classes on its two sides."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(feature.dtype) or target.nunique() != 2:
        return False
    sides = feature.astype(float).groupby(target.to_numpy()).agg(["min", "max", "size"])
    low, high = sides.sort_values("min").to_numpy()
    return bool(low[1] < high[0] and min(low[2], high[2]) >= MIN_OF_A_CLASS)
