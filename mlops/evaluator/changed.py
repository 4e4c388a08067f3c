"""What changed from one model's answers to another's, on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops.core.report import Plot
from mlops.evaluator.regression_plots import counted, points

if TYPE_CHECKING:
    import numpy as np

    from mlops.evaluator.labels import Labels
    from mlops.evaluator.regression import Numbers

MOST_CLASSES = 12  # of a table of changed labels


@dataclass(frozen=True)
class Changed:
    """How far each answer moved, and what that comes to.

    Parameters
    ----------
    called : str
        What one row's `moves` are: ``moved`` (target's unit) or ``changed`` (0 or 1).
    moves : numpy.ndarray of float, shape (n_rows,)
    says : str
        One sentence.
    facts : dict
        The same as plain data.
    plots : tuple of Plot
        Each value of the target may be in them.
    """

    called: str
    moves: np.ndarray
    says: str
    facts: dict[str, Any]
    plots: tuple[Plot, ...] = field(default=())


def of_numbers(a: Numbers, b: Numbers) -> Changed:
    """How far numbers moved, and how many came nearer to the truth."""
    import numpy as np

    moves = np.abs(b.predicted - a.predicted)
    nearer = int((b.badness < a.badness).sum())
    farther = int((b.badness > a.badness).sum())
    facts = {
        "mean_move": float(moves.mean()),
        "median_move": float(np.median(moves)),
        "tenth_moves_by": float(np.quantile(moves, 0.9)),
        "largest_move": float(moves.max()),
        "mean_shift": float((b.predicted - a.predicted).mean()),
        "nearer": nearer,
        "farther": farther,
    }
    says = (
        f"moved by {facts['median_move']:.3g} in the median, one in ten by more than "
        f"{facts['tenth_moves_by']:.3g}; {nearer} came nearer to the truth, {farther} went farther"
    )
    return Changed("moved", moves, says if moves.any() else "all the same", facts, _moved(a, b))


def _moved(a: Numbers, b: Numbers) -> tuple[Plot, ...]:
    import numpy as np

    finite = np.isfinite(a.predicted) & np.isfinite(b.predicted)
    x, y = a.predicted[finite], b.predicted[finite]
    if not len(x):
        return ()
    ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))]
    same = [(end, end) for end in ends]
    shift = y - x
    return (
        Plot("scatter", "Predictions", "a predicts", "b predicts",
             {"the same": same, "rows": points(x, y)}),
        Plot("histogram", "How far predictions moved", "b − a", "rows",
             {"rows": counted(shift, (float(shift.min()), float(shift.max())))}),
    )  # fmt: skip


def of_labels(a: Labels, b: Labels) -> Changed:
    """Which labels changed into which, and how many of those became right."""
    import numpy as np

    moves = (a.predicted != b.predicted).astype(float)
    count, n_rows = int(moves.sum()), len(moves)
    righted = int((a.mistaken & ~b.mistaken).sum())
    spoiled = int((~a.mistaken & b.mistaken).sum())
    facts: dict[str, Any] = {
        "labels_changed": count,
        "share": float(moves.mean()),
        "became_right": righted,
        "became_wrong": spoiled,
        "flips": _flips(a, b),
    }
    if a.probabilities is not None and b.probabilities is not None:
        facts["mean_probability_move"] = float(np.abs(b.probabilities - a.probabilities).mean())
    says = f"{count} of {n_rows} labels changed ({count / n_rows:.1%})" if count else "all the same"
    if count:
        says += f": {righted} became right, {spoiled} became wrong"
    return Changed("changed", moves, says, facts, _flipped(a, b))


def _flips(a: Labels, b: Labels) -> list[dict[str, Any]]:
    """From which label to which, the most frequent first."""
    import numpy as np

    changed = a.predicted != b.predicted
    pairs, counts = np.unique(
        np.column_stack([a.predicted, b.predicted])[changed], axis=0, return_counts=True
    )
    found = []
    for at in np.argsort(-counts, kind="stable"):
        before, after = pairs[at]
        these = (a.predicted == before) & (b.predicted == after)
        found.append(
            {
                "from": str(a.classes[before]),
                "to": str(b.classes[after]),
                "rows": int(counts[at]),
                "became right": int((these & ~b.mistaken).sum()),
                "became wrong": int((these & ~a.mistaken).sum()),
            }
        )
    return found


def _flipped(a: Labels, b: Labels) -> tuple[Plot, ...]:
    found = [_matrix(a, b)] if len(a.classes) <= MOST_CLASSES else []
    if a.positive is not None and a.probabilities is not None and b.probabilities is not None:
        chances = points(a.probabilities[:, a.positive], b.probabilities[:, a.positive])
        series = {"the same": [(0.0, 0.0), (1.0, 1.0)], "rows": chances}
        label = f"probability of {a.classes[a.positive]}"
        found.append(Plot("scatter", "Probabilities", f"a: {label}", f"b: {label}", series))
    return tuple(found)


def _matrix(a: Labels, b: Labels) -> Plot:
    names = [str(each)[:40] for each in a.classes]
    series: dict[str, list[tuple[Any, Any]]] = {
        name: [
            (other, int(((a.predicted == row) & (b.predicted == column)).sum()))
            for column, other in enumerate(names)
        ]
        for row, name in enumerate(names)
    }
    return Plot("matrix", "Labels of a (rows) and b (columns)", "b says", "a says", series)
