"""What the mistakes of a classifier cost."""

from __future__ import annotations

from typing import Any

import numpy as np


def mean_cost(y_true: Any, y_pred: Any, *, costs: dict[Any, float]) -> float:
    r"""Mean cost of a row: :math:`\frac1n \sum_i c(y_i)\,[\hat y_i \ne y_i]`.

    Parameters
    ----------
    y_true, y_pred : array-like, shape (n_rows,)
        Labels.
    costs : dict of label to float, >= 0
        What it costs to mistake a row of that true class; 1 where the class is not named.

    Examples
    --------
    >>> mean_cost(["bad", "bad", "good", "good"], ["good", "bad", "bad", "good"],
    ...     costs={"bad": 5.0})
    1.5
    """
    truth = np.asarray(y_true)
    cost = np.ones(len(truth))
    for label, each in costs.items():
        cost[truth == label] = each
    return float(np.mean(cost * (truth != np.asarray(y_pred))))
