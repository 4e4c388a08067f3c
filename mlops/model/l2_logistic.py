"""Logistic regression by the strength of its penalty."""

from __future__ import annotations

from typing import Any


def l2_logistic(
    *,
    alpha: float = 1.0,
    fit_intercept: bool = True,
    max_iter: int = 1000,
    class_weight: Any = None,
    random_state: Any = None,
) -> Any:
    """Give scikit-learn's logistic regression with ``C = 1 / alpha``: ridge for a class target.

    Ridge adds ``alpha · ‖w‖²`` to its loss, logistic regression multiplies its loss by ``C``: the
    reciprocal makes one key mean one thing for both.

    Parameters
    ----------
    alpha : float, >= 0
        Strength of the penalty; 0 is none.
    fit_intercept : bool
    max_iter : int, >= 1
    class_weight, random_state
        As scikit-learn takes them.

    Examples
    --------
    >>> l2_logistic(alpha=4.0).C
    0.25
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=1 / alpha if alpha else float("inf"),
        fit_intercept=fit_intercept,
        max_iter=max_iter,
        class_weight=class_weight,
        random_state=random_state,
    )
