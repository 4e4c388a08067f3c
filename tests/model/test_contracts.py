"""Our own estimators keep scikit-learn's contract."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlops.model.ensemble import EnsembleClassifier, EnsembleRegressor, stacker
from mlops.model.sgd_classifier import SgdClassifier
from mlops.model.sgd_regressor import SgdRegressor

UNSCALED = "its features lie around 100: descent diverges there, and the regressor says so"


NUMBERS = [Ridge(), Ridge(alpha=10.0)]
CLASSES = [LogisticRegression(), LogisticRegression(C=0.1)]


def expected_failures(estimator: Any) -> dict[str, str]:
    if not isinstance(estimator, SgdRegressor):
        return {}
    checks = ("check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in")
    return dict.fromkeys(checks, UNSCALED)


@parametrize_with_checks(
    [
        SgdRegressor(),
        SgdClassifier(epochs=60),
        EnsembleRegressor(members=NUMBERS),
        EnsembleRegressor(members=NUMBERS, stack=stacker(is_class=False), folds=2),
        EnsembleClassifier(members=CLASSES),
        EnsembleClassifier(members=CLASSES, stack=stacker(is_class=True), folds=2),
    ],
    expected_failed_checks=expected_failures,
)
def test_keeps_the_estimator_contract(estimator, check):
    check(estimator)
