"""A test begins as if it were the only one: what another left in this process is gone."""

from __future__ import annotations

import os

from mlops.tracker.address import Address
from mlops.tracker.desk import Desk
from mlops.tracker.spool import Spool


def test_one_that_opens_a_desk_leaves_its_address_in_the_environment(work):
    Desk(Spool(work, Address.of(work)))
    assert os.environ["MLFLOW_TRACKING_URI"] == Address.of(work).uri


def test_the_next_one_does_not_find_it(tmp_path):
    assert Address.of(tmp_path).database == tmp_path / "mlflow.db"
