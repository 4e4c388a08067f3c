"""A threshold tuned on folds, for models that may also have learned nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import TunedThresholdClassifierCV

TRUSTED = ("mlops.model.tuned_threshold.TunedThreshold",)


class TunedThreshold(TunedThresholdClassifierCV):
    """``TunedThresholdClassifierCV`` that keeps 0.5 where there is nothing to choose from.

    On few rows a model may give every row the same probability; then each threshold is as good
    as another, and that is no reason to fail.

    Attributes
    ----------
    best_threshold_, best_score_ : float
        0.5 and NaN if a fold's probabilities are all the same.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> model = TunedThreshold(DummyClassifier(), cv=2).fit([[0], [1], [2], [3]], [0, 1, 0, 1])
    >>> model.best_threshold_, model.predict([[5]]).tolist()
    (0.5, [1])
    """

    def fit(self, X: Any, y: Any, **params: Any) -> TunedThreshold:
        """Fit the model on all rows, and choose the threshold on folds."""
        try:
            return super().fit(X, y, **params)
        except ValueError as error:
            if "constant predictions" not in str(error):
                raise
            self.best_threshold_, self.best_score_ = 0.5, np.nan
            return self
