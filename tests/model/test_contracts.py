"""Our own estimators keep scikit-learn's contract."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from mlops.model.sgd_classifier import SgdClassifier
from mlops.model.sgd_regressor import SgdRegressor


@parametrize_with_checks([SgdRegressor(), SgdClassifier()])
def test_keeps_the_estimator_contract(estimator, check):
    check(estimator)
