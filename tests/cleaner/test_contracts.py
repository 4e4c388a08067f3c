"""Every cleaning step keeps scikit-learn's contract, and the droppers imbalanced-learn's."""

from __future__ import annotations

import pytest
from imblearn.utils import estimator_checks as samplers
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlops.cleaner.convert_types import ConvertTypes
from mlops.cleaner.drop_duplicates import DropDuplicates
from mlops.cleaner.drop_missing import DropMissing
from mlops.cleaner.impute import Impute
from mlops.cleaner.iqr import Iqr
from mlops.cleaner.keep_all import KeepAll
from mlops.cleaner.standard import Standard

DROPPERS = [
    DropDuplicates(),
    DropMissing(),
    Iqr(action="drop"),
    Standard(
        types=ConvertTypes(),
        missing=DropMissing(),
        outliers=Iqr(action="drop"),
        duplicates=DropDuplicates(),
    ),
]
MENDERS = [
    KeepAll(),
    ConvertTypes(),
    ConvertTypes(readable_share=0.9),
    Impute(),
    Iqr(),
    Iqr(action="blank"),
]


@parametrize_with_checks(DROPPERS + MENDERS)
def test_keeps_the_transformer_contract(estimator, check):
    check(estimator)


# The other checks of imbalanced-learn are about balancing classes (sampling_strategy, one class
# refused, one-vs-all targets) or about arrays and lists coming back as such: cleaners give frames.
APPLICABLE = [
    samplers.check_samplers_fit_resample,
    samplers.check_samplers_pandas,
    samplers.check_samplers_2d_target,
    samplers.check_sampler_get_feature_names_out,
    samplers.check_sampler_get_feature_names_out_pandas,
]


@pytest.mark.parametrize("check", APPLICABLE, ids=lambda check: check.__name__)
@pytest.mark.parametrize("step", DROPPERS, ids=lambda step: type(step).__name__)
def test_keeps_the_sampler_contract(step, check):
    check(type(step).__name__, step)
