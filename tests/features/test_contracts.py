"""Every option's features keep scikit-learn's transformer contract."""

from __future__ import annotations

from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlops.features.by_kind import ByKind
from mlops.features.rich import Rich

OPTIONS = [
    ByKind(numeric=StandardScaler()),
    ByKind(numeric=MinMaxScaler(), missing="median", encoding="one_hot"),
    ByKind(numeric=None, missing="keep", encoding="ordinal", max_categories=255),
    Rich(numeric=StandardScaler(), keep=None),
    Rich(degree=1, keep=3, random_state=0),
]


@parametrize_with_checks(OPTIONS)
def test_keeps_the_transformer_contract(estimator, check):
    check(estimator)
