"""Trees as arrays: all of them are walked together, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlops.serving.lowered.chances import expit, highest, softmax
from mlops.serving.nouns import Unanswerable


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees behind one another; a right child follows its left one.

    Parameters
    ----------
    roots : ndarray of intp, shape (n_trees,)
    feature : ndarray of intp, shape (n_nodes,)
        That is asked for; 0 in a leaf.
    threshold : ndarray of float64, shape (n_nodes,)
        Greater values go right; infinite in a leaf.
    child : ndarray of intp, shape (n_nodes,)
        The left one; a leaf is its own.
    gap_right : ndarray of bool, shape (n_nodes,)
        Whether a missing value goes right.
    values : ndarray of float64, shape (n_nodes, ...)
        What leaves say.
    depth : int
    has_gaps : bool
        Whether a value may be missing.
    """

    roots: Any
    feature: Any
    threshold: Any
    child: Any
    gap_right: Any
    values: Any
    depth: int
    has_gaps: bool

    def said(self, X: Any) -> Any:
        """What each tree says of each row of `X`, shape (n_rows, n_trees, ...)."""
        rows, width = X.shape
        flat, at = X.ravel(), self.roots
        offset: Any = 0
        if rows > 1:
            at = np.tile(at, rows)
            offset = np.repeat(np.arange(rows) * width, len(self.roots))
        step = self._step_with_gaps if self.has_gaps and np.isnan(flat).any() else self._step
        for _ in range(self.depth):
            at = step(flat, at, offset)
        return self.values[at].reshape(rows, len(self.roots), *self.values.shape[1:])

    def _step(self, flat: Any, at: Any, offset: Any) -> Any:
        return self.child[at] + (flat[self.feature[at] + offset] > self.threshold[at])

    def _step_with_gaps(self, flat: Any, at: Any, offset: Any) -> Any:
        asked = flat[self.feature[at] + offset]
        goes_right = asked > self.threshold[at]
        goes_right |= np.isnan(asked) & self.gap_right[at]
        return self.child[at] + goes_right


def _added(said: Any) -> Any:
    """The sum over the trees, added one after the other as scikit-learn does, to the last bit."""
    return np.add.accumulate(said, axis=1)[:, -1]


@dataclass(frozen=True)
class Forest:
    """The mean of all trees, which compare numbers of single precision.

    Parameters
    ----------
    trees : Trees
        Their values are numbers, or a probability for each class.
    """

    trees: Trees
    takes = "dense"

    def numbers(self, X: list[list[float]]) -> list[float]:
        """A number for each row."""
        return list(self._means(X).tolist())

    def answers(self, X: list[list[float]]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        chances = self._means(X).tolist()
        return [highest(each) for each in chances], chances

    def responses(self, X: list[list[float]]) -> list[list[float]]:
        """What calibrators are given."""
        chances = self._means(X).tolist()
        return [[each[1]] if len(each) == 2 else each for each in chances]

    def _means(self, X: list[list[float]]) -> Any:
        with np.errstate(over="ignore"):
            singles = np.array(X, dtype=np.float32)
        if np.isinf(singles).any():
            raise Unanswerable(int(np.isinf(singles).any(axis=1).argmax()))
        return _added(self.trees.said(singles.astype(np.float64))) / len(self.trees.roots)


@dataclass(frozen=True)
class Boosted:
    """The sum of a beginning and all trees, one sum or one a class.

    Parameters
    ----------
    trees : Trees
        In the order of their making; those of one round, one a class, side by side.
    beginning : list of float
        One a class, or one.
    is_log : bool
        Whether a number is the exponential of the sum.
    """

    trees: Trees
    beginning: list[float]
    is_log: bool = False
    takes = "dense"

    def numbers(self, X: list[list[float]]) -> list[float]:
        """A number for each row."""
        sums = [each[0] for each in self.responses(X)]
        return np.exp(sums).tolist() if self.is_log else sums

    def answers(self, X: list[list[float]]) -> tuple[list[int], list[list[float]]]:
        """Rank of the class and probabilities, for each row."""
        sums = self.responses(X)
        if len(self.beginning) == 1:
            chances = [[1 - p, p] for p in (expit(each) for (each,) in sums)]
            return [int(each > 0) for (each,) in sums], chances
        return [highest(each) for each in sums], [softmax(each) for each in sums]

    def responses(self, X: list[list[float]]) -> list[list[float]]:
        """The sums, which is what calibrators are given."""
        said = self.trees.said(np.array(X, dtype=np.float64))
        rounds = said.reshape(len(X), -1, len(self.beginning))
        rounds[:, 0] += self.beginning
        return list(_added(rounds).tolist())
