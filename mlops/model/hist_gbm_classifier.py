"""Boosted trees for a class target, weighted by label."""

from __future__ import annotations

from typing import Any


def hist_gbm_classifier(
    *,
    learning_rate: float = 0.1,
    max_iter: int = 100,
    max_leaf_nodes: int | None = 31,
    max_depth: int | None = None,
    min_samples_leaf: int = 20,
    l2_regularization: float = 0.0,
    early_stopping: str | bool = "auto",
    n_iter_no_change: int = 10,
    class_weight: Any = None,
    random_state: Any = None,
) -> Any:
    """Give scikit-learn's ``HistGradientBoostingClassifier``, its class weights made to fit.

    scikit-learn 1.9 looks up a weight by the rank of a class among the sorted labels and not by
    the label, which fails for text and gives labels such as 1 and 2 each other's weight.

    Parameters
    ----------
    learning_rate, max_iter, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization
    early_stopping, n_iter_no_change
        As scikit-learn takes them.
    class_weight : dict of label to float, "balanced" or None
        A dict names every label.
    random_state : int or None

    Examples
    --------
    >>> hist_gbm_classifier(class_weight={"good": 1.0, "bad": 5.0}).class_weight
    {0: 5.0, 1: 1.0}
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    if isinstance(class_weight, dict):
        class_weight = {rank: class_weight[each] for rank, each in enumerate(sorted(class_weight))}
    return HistGradientBoostingClassifier(
        learning_rate=learning_rate,
        max_iter=max_iter,
        max_leaf_nodes=max_leaf_nodes,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        early_stopping=early_stopping,
        n_iter_no_change=n_iter_no_change,
        class_weight=class_weight,
        random_state=random_state,
    )
