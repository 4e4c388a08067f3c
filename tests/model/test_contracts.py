"""Our own estimators keep scikit-learn's contract."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from mlops.model.sgd_classifier import SgdClassifier
from mlops.model.sgd_regressor import SgdRegressor

UNSCALED = "its features lie around 100: descent diverges there, and the regressor says so"


def expected_failures(estimator: Any) -> dict[str, str]:
    if isinstance(estimator, SgdClassifier):
        return {}
    checks = ("check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in")
    return dict.fromkeys(checks, UNSCALED)


@parametrize_with_checks(
    [SgdRegressor(), SgdClassifier(epochs=60)], expected_failed_checks=expected_failures
)
def test_keeps_the_estimator_contract(estimator, check):
    check(estimator)
