"""Which name a run's model is registered under."""

from __future__ import annotations

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.dry_run import DryRun
from mlops.registry.mlflow import Mlflow


def test_an_accepted_run_registers_under_its_own_name_or_the_given_one():
    assert Mlflow().registers("houses", report_passed=True) == "houses"
    assert Mlflow(name="prices").registers("houses", report_passed=True) == "prices"


def test_what_the_gates_refuse_is_not_registered():
    assert Mlflow(name="prices").registers("houses", report_passed=False) == ""


@pytest.mark.parametrize("name", ["", "../x", "a b", "x'; drop", ".hidden", "a" * 65])
def test_a_name_that_is_not_safe_is_refused_whatever_the_verdict(name):
    for passed in (True, False):
        with pytest.raises(MlopsError, match="bad-model-name"):
            Mlflow(name=name).registers("houses", report_passed=passed)


def test_a_dry_run_registers_nothing():
    assert DryRun().registers("houses", report_passed=True) == ""
