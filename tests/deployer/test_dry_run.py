from pathlib import Path

from mlops.deployer.dry_run import DryRun


def test_a_dry_run_says_that_the_model_stays_offline_and_writes_nothing(tmp_path: Path) -> None:
    assert DryRun().deploy("boston_housing", tmp_path) == "boston_housing stays offline"
    assert not list(tmp_path.iterdir())
