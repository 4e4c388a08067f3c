"""Reads fitted trees into arrays that are walked together."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlops.serving.lowered.trees import Boosted, Forest, Trees
from mlops.serving.lowered.unknown import NotLowered


def _forest(fitted: Any, has_gaps: bool) -> Forest:
    """Of trees, or of one."""
    if fitted.n_outputs_ != 1:
        raise NotLowered(fitted, "several targets")
    members, trees = getattr(fitted, "estimators_", [fitted]), []
    for each in (one.tree_ for one in members):
        is_leaf = each.children_left < 0
        gap_right = ~np.asarray(each.missing_go_to_left, dtype=bool)
        children = each.children_left, each.children_right
        trees.append(_tree(is_leaf, each.feature, each.threshold, *children, gap_right))
    values = [one.tree_.value[:, 0, :] for one in members]
    is_number = not hasattr(fitted, "classes_")
    return Forest(
        _joined(trees, [each[:, 0] for each in values] if is_number else values, has_gaps)
    )


def _boosted(fitted: Any, has_gaps: bool) -> Boosted:
    if fitted.is_categorical_ is not None:
        raise NotLowered(fitted, "categorical features")
    link = type(fitted._loss.link).__name__
    if not hasattr(fitted, "classes_") and link not in ("IdentityLink", "LogLink"):
        raise NotLowered(fitted, f"a {link}")
    trees, values = [], []
    for each in (one.nodes for made in fitted._predictors for one in made):
        is_leaf = each["is_leaf"].astype(bool)
        gap_right = ~each["missing_go_to_left"].astype(bool)
        children = each["left"], each["right"]
        trees.append(
            _tree(is_leaf, each["feature_idx"], each["num_threshold"], *children, gap_right)
        )
        values.append(each["value"])
    beginning = [float(each) for each in fitted._baseline_prediction.ravel()]
    return Boosted(_joined(trees, values, has_gaps), beginning, link == "LogLink")


Tree = tuple[Any, Any, Any, Any, Any, int]


def _tree(
    is_leaf: Any, feature: Any, threshold: Any, left: Any, right: Any, gap_right: Any
) -> Tree:
    """One tree, its nodes renumbered so that a right child follows its left one."""
    count, inner = len(is_leaf), np.flatnonzero(~is_leaf)
    place = np.zeros(count, dtype=np.intp)
    place[left[inner]] = 1 + 2 * np.arange(len(inner))
    place[right[inner]] = 2 + 2 * np.arange(len(inner))
    new_feature, new_child = np.zeros(count, dtype=np.intp), np.arange(count)
    new_threshold, new_gap = np.full(count, np.inf), np.zeros(count, dtype=bool)
    new_feature[place[inner]] = feature[inner]
    new_threshold[place[inner]] = threshold[inner]
    new_child[place[inner]] = place[left[inner]]
    new_gap[place[inner]] = gap_right[inner]
    return place, new_feature, new_threshold, new_child, new_gap, _depth(new_child)


def _depth(child: Any) -> int:
    """Steps from the root to the deepest leaf."""
    level, depth = np.zeros(1, dtype=np.intp), 0
    while True:
        level = level[child[level] != level]
        if not len(level):
            return depth
        level, depth = np.concatenate([child[level], child[level] + 1]), depth + 1


def _joined(trees: list[Tree], values: list[Any], has_gaps: bool) -> Trees:
    """All trees behind one another."""
    sizes = [len(tree[0]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    placed = []
    for tree, each in zip(trees, values, strict=True):
        moved = np.empty(each.shape, dtype=np.float64)
        moved[tree[0]] = each
        placed.append(moved)
    pairs = zip(trees, roots, strict=True)
    return Trees(
        roots=roots,
        feature=np.concatenate([tree[1] for tree in trees]),
        threshold=np.concatenate([tree[2] for tree in trees]),
        child=np.concatenate([tree[3] + root for tree, root in pairs]),
        gap_right=np.concatenate([tree[4] for tree in trees]),
        values=np.concatenate(placed),
        depth=max(tree[5] for tree in trees),
        has_gaps=has_gaps,
    )


_BOOSTED = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoosting"
boosted = {f"{_BOOSTED}{task}": _boosted for task in ("Classifier", "Regressor")}
_AVERAGED = ("ensemble._forest.RandomForest", "ensemble._forest.ExtraTrees")
forest = {
    f"sklearn.{kind}{task}": _forest
    for kind in (*_AVERAGED, "tree._classes.DecisionTree")
    for task in ("Classifier", "Regressor")
}
