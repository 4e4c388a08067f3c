"""The limits that searches are held to; on a quiet machine with two cores, and in hours."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module", autouse=True)
def scripts():
    """The scripts of this folder can be imported."""
    sys.path.insert(0, str(HERE))
    yield
    sys.path.remove(str(HERE))


@pytest.mark.parametrize("model", ["ridge", "hist_gbm"])
def test_a_search_is_faster_than_by_hand_and_finds_no_worse(tmp_path, model):
    import tuning

    rows = tuning.speed(tmp_path, models=model)
    than_optuna, worse = (statistics.median(r[at] for r in rows) for at in (2, 7))
    than_grid = rows[0][3]
    assert than_optuna >= 1.5
    assert than_grid >= 2
    assert worse <= 0.001


def test_a_trial_costs_little_beyond_its_fits(tmp_path):
    import tuning

    assert tuning.overhead(tmp_path) < 30


def test_memory_does_not_grow_with_the_trials(tmp_path):
    import tuning

    early, late, ours, theirs = tuning.memory(tmp_path)
    assert late < 1.02 * early
    assert ours < 1.5 * theirs


def test_searches_that_are_killed_lose_nothing_and_do_nothing_twice(monkeypatch):
    import killed

    monkeypatch.setattr(sys, "argv", ["killed.py", "50", "20"])
    assert killed.main() == 0
