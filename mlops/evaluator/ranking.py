"""Metrics and curves of a ranking: how well scores put the hits before the rest."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Ranking:
    """Rows sorted once by falling score; any weights can then be evaluated.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n_rows,)
        Higher means "more likely a hit".
    hits : numpy.ndarray of bool, shape (n_rows,)
    """

    def __init__(self, scores: np.ndarray, hits: np.ndarray) -> None:
        self.scores = scores
        self.hits = hits
        self._last: tuple[np.ndarray, tuple[np.ndarray, np.ndarray]] | None = None

    @cached_property
    def order(self) -> np.ndarray:
        """Positions of the rows by falling score."""
        import numpy as np

        return np.argsort(-self.scores, kind="stable")

    @cached_property
    def ends(self) -> np.ndarray:
        """Last place of each run of equal scores: a threshold cannot pass between equals."""
        import numpy as np

        ranked = self.scores[self.order]
        return np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hits and misses above each threshold, from 0; shapes (n_sets, n_thresholds + 1)."""
        if self._last is None or self._last[0] is not weights:  # both areas ask for the same
            self._last = weights, self._counted(weights)
        return self._last[1]

    def _counted(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        ranked, hits = weights[:, self.order], self.hits[self.order]
        above = []
        for side in (hits, ~hits):
            counted = np.cumsum(ranked * side, axis=1)[:, self.ends]
            above.append(np.pad(counted, ((0, 0), (1, 0))))
        return above[0], above[1]

    def roc_auc(self, weights: np.ndarray) -> np.ndarray:
        """Area under the ROC curve: the chance that a hit scores above a miss, ties one half.

        Σ (FPₖ − FPₖ₋₁)(TPₖ + TPₖ₋₁) / (2 P N) over the thresholds; NaN where a set lacks hits or
        misses [1]_.

        References
        ----------
        .. [1] T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006.
        """
        hits, misses = self.counts(weights)
        area = ((misses[:, 1:] - misses[:, :-1]) * (hits[:, 1:] + hits[:, :-1])).sum(axis=1)
        return area / (2 * hits[:, -1] * misses[:, -1])

    def average_precision(self, weights: np.ndarray) -> np.ndarray:
        """Area under the precision-recall curve as average precision: Σ (Rₖ − Rₖ₋₁) Pₖ.

        No interpolation between thresholds, which would flatter [1]_; NaN where a set has no hits.

        References
        ----------
        .. [1] J. Davis, M. Goadrich, "The relationship between precision-recall and ROC curves",
           ICML 2006.
        """
        import numpy as np

        hits, misses = self.counts(weights)
        above = (hits + misses)[:, 1:]
        precision = hits[:, 1:] / np.where(above > 0, above, 1)
        return ((hits[:, 1:] - hits[:, :-1]) * precision).sum(axis=1) / hits[:, -1]
