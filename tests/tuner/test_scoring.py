"""Where trials are scored: what is made for all of them first, and the rows that are in use."""

from __future__ import annotations

import os
import sys
import time

import pytest

from mlops.compute.local import Local
from mlops.core.tuning import Objective
from mlops.tuner.scoring import Scoring


def hangs_over_what_is_shared():
    def work(task, tell):
        if task[0] is None:
            time.sleep(600)
        return {"loss": 1.0}

    return work


def test_making_what_all_trials_share_has_the_time_of_a_trial():
    objective = Objective(
        score=lambda params: (), metric="loss", greater_is_better=False, seed=0, folds=2
    )
    with Local(workers=2).crew(hangs_over_what_is_shared) as crew:
        scoring = Scoring(objective, crew, shares_folds=True, limit_s=0.3)
        assert not scoring.going


@pytest.fixture
def line(place):
    """The class of the project's model, after a first run."""
    place("tuner=fixed")
    return sys.modules["trouble.line"].Line


def test_rows_in_use_count_as_used_with_every_fold(place, line, monkeypatch):
    entries, fit = [], line.fit

    def old(self, X, y):
        for entry in place.folder.glob("outputs/cache/rows in use/*"):
            entries.append((entry, entry.stat().st_mtime))
            os.utime(entry, (0, 0))
        return fit(self, X, y)

    monkeypatch.setattr(line, "fit", old)
    place("tuner=random", "tuner.trials=1", "compute.workers=0")
    assert len(entries) >= 5
    assert all(used > 0 for _, used in entries)


def test_a_search_that_repeats_exactly_has_one_thread(place, line, monkeypatch):
    from threadpoolctl import threadpool_info

    threads, fit = [], line.fit

    def counted(self, X, y):
        threads.append({each["num_threads"] for each in threadpool_info()})
        return fit(self, X, y)

    monkeypatch.setattr(line, "fit", counted)
    words = ("tuner=optuna", "tuner.trials=1", "compute.workers=0", "tuner.deterministic=true")
    place(*words)
    assert threads[:5] == [{1}] * 5
