"""A driver may be killed at any moment: what ended is kept, and the rest is done once."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter

import pytest

WORDS = ("tuner=optuna", "tuner.pruner=null", "model.pause_s=0.02", "compute.workers=2")
TOTAL = 10


def killed(place, number, *, after_trials, words=(), extra_s=0.0, ended=b'"datetime_complete"'):
    """Start a search and end it with a signal once so many trials have ended; its exit code."""
    process = place.start(*WORDS, f"tuner.trials={TOTAL}", *words)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = list(place.folder.glob("outputs/studies/*/*.journal"))
        if found and found[-1].read_bytes().count(ended) >= after_trials:
            break
        time.sleep(0.005)
    time.sleep(extra_s)
    assert process.poll() is None, "".join(process.communicate())
    os.kill(process.pid, number)
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout + stderr


@pytest.mark.parametrize("after_trials", [0, 3, 7])
def test_a_killed_search_is_gone_on_with_and_nothing_is_lost_or_done_twice(place, after_trials):
    random.seed(after_trials)
    code, _ = killed(place, signal.SIGKILL, after_trials=after_trials, extra_s=random.random() / 10)
    assert code == -signal.SIGKILL
    ended = [row for row in place.table() if row[2] == "COMPLETE"]
    assert len(ended) >= after_trials
    result = place(*WORDS, f"tuner.trials={TOTAL}", "tuner.resume=true")
    table = place.table()
    assert [row[0] for row in table] == list(range(TOTAL))
    assert {row[2] for row in table} == {"COMPLETE"}
    assert [row for row in table if row in ended] == ended
    fits = Counter(place.fits())
    for _, params, _, _ in ended:
        assert fits[repr(params["model.slope"])] - 5 in (0, 1)  # once more for the winner
    assert result.details["trials"] == TOTAL


def test_a_killed_search_ends_with_the_table_of_one_that_was_not(place):
    words = ("tuner.deterministic=true",)
    killed(place, signal.SIGKILL, after_trials=5, words=words)
    place(*WORDS, *words, f"tuner.trials={TOTAL}", "tuner.resume=true")
    resumed = place.table()
    place(*WORDS, *words, f"tuner.trials={TOTAL}")
    assert place.table() == resumed


def test_a_trial_that_ended_before_its_generation_is_not_scored_again(place):
    words = ("tuner.deterministic=true", "tuner.trials=8", "model.pause_s=0.1")
    killed(place, signal.SIGKILL, after_trials=1, words=words, ended=b'"result"')
    ended = [each.params for each in place.study().get_trials() if "result" in each.user_attrs]
    assert ended
    place(*WORDS, *words, "tuner.resume=true")
    fits = Counter(place.fits())
    for params in ended:
        assert fits[repr(params["model.slope"])] - 5 in (0, 1)  # once more for the winner
    assert [row[2] for row in place.table()] == ["COMPLETE"] * 8


def test_a_name_that_is_none_yet_begins_anew_and_says_which_one_is_near(place, capsys):
    words = ("model=ridge", "tuner=random", "tuner.trials=2", "mode=smoke", "ui=plain")
    place(*words, "tuner.study=mine")
    place(*words, "tuner.study=mien", "tuner.resume=true")
    assert "a new one begins; did you mean tuner.study=mine?" in capsys.readouterr().out
    place(*words, "tuner.trials=3", "tuner.study=mine", "tuner.resume=true")
    assert "3 trials (2 of them earlier)" in capsys.readouterr().out


def test_a_stopped_search_says_the_best_so_far_and_how_to_go_on(place):
    code, printed = killed(place, signal.SIGINT, after_trials=2)
    assert code == 130, printed
    assert f"of {TOTAL} trials, best rmse" in printed
    assert "next      run the same command with tuner.resume=true" in printed
    [run] = place.folder.glob("outputs/runs/*/result.json")
    result = json.loads(run.read_text())
    assert result["outcome"] == "aborted"
    ended = [row for row in place.table() if row[2] == "COMPLETE"]
    assert result["details"]["trials"] == len(ended)
    assert result["details"]["best"] == min(ended, key=lambda row: row[3][0])[1]
    assert "best so far rmse" in printed
    assert not [row for row in place.table() if row[2] == "RUNNING"]
    place(*WORDS, f"tuner.trials={TOTAL}", "tuner.resume=true")
    assert len(place.table()) == TOTAL
