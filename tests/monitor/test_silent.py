from pathlib import Path

from mlops.monitor.silent import Silent


def test_a_silent_monitor_says_so_and_writes_nothing(tmp_path: Path) -> None:
    assert Silent().watch("boston_housing", tmp_path) == "boston_housing is not watched"
    assert not list(tmp_path.iterdir())
