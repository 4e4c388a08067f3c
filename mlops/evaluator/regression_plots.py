"""Pictures of predicted numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.report import Plot

if TYPE_CHECKING:
    import numpy as np

MOST_POINTS = 500
BINS = 24


def plots(actual: np.ndarray, predicted: np.ndarray, target: str) -> tuple[Plot, ...]:
    """Predicted against actual, residuals against predicted, residuals counted.

    Parameters
    ----------
    actual, predicted : numpy.ndarray of float, shape (n_rows,)
        Rows with a value that is not finite are left out.
    target : str
        Names the axes.
    """
    import numpy as np

    usable = np.isfinite(actual) & np.isfinite(predicted)
    actual, predicted = actual[usable], predicted[usable]
    if not len(actual):
        return ()
    residual = actual - predicted
    left, right = (float(end) for end in (predicted.min(), predicted.max()))
    low, high = min(float(actual.min()), left), max(float(actual.max()), right)
    return (
        Plot(
            "scatter",
            "Predicted against actual",
            f"actual {target}",
            f"predicted {target}",
            {"perfect": [(low, low), (high, high)], "rows": points(actual, predicted)},
        ),
        Plot(
            "scatter",
            "Residuals against predicted",
            f"predicted {target}",
            "actual − predicted",
            {"perfect": [(left, 0.0), (right, 0.0)], "rows": points(predicted, residual)},
        ),
        Plot(
            "histogram",
            "Residuals",
            "actual − predicted",
            "rows",
            {"rows": counted(residual, (float(residual.min()), float(residual.max())))},
        ),
    )


def points(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> list[tuple[Any, Any]]:
    """At most `most` pairs: evenly spaced in the order given, first and last included."""
    import numpy as np

    kept = np.unique(np.linspace(0, len(x) - 1, min(most, len(x))).round().astype(int))
    return [(float(f"{a:.6g}"), float(f"{b:.6g}")) for a, b in zip(x[kept], y[kept], strict=True)]


def counted(
    values: np.ndarray, ends: tuple[float, float], bins: int = BINS
) -> list[tuple[Any, Any]]:
    """Middle and count of each of `bins` equally wide bins between `ends`."""
    import numpy as np

    low, high = ends
    if not high > low or high - low < 1e-9 * abs(high):
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    middles = (edges[:-1] + edges[1:]) / 2
    return [(float(f"{m:.6g}"), int(count)) for m, count in zip(middles, counts, strict=True)]
