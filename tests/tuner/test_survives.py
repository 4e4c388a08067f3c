"""A trial may go wrong in every way: it is recorded with its reason, and the rest goes on."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

WORDS = ["fine", "raise", "gap", "hang", "kill", "segfault", "exit", "eat"]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def records(place):
    """What waits for the tracking server."""
    found = [json.loads(path.read_text()) for path in place.folder.glob("outputs/spool/**/*.json")]
    return [each["record"] for each in found if "record" in each]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc")
def test_every_kind_of_trouble_is_a_failed_trial_with_its_reason(place):
    words = ", ".join(WORDS)
    result = place(
        "tuner=grid",
        f"tuner.space.model.word=choice({words})",
        "tuner.space.model.slope=null",
        "tuner.trial_timeout_s=2.5",
        "compute.memory_mb=600",
        "compute.workers=2",
    )
    assert result.details["best"] == {"model.word": "fine"}
    trials = {
        each["params"]["model.word"]: each
        for each in records(place)
        if each["parent_key"] == result.key
    }
    reasons = {word: trials[word]["tags"]["mlops.reason"] for word in WORDS}
    assert reasons["fine"] == ""
    assert "IndexError: list index out of range" in reasons["raise"]
    assert "are no number" in reasons["gap"]
    assert reasons["hang"] == "time limit: longer than 2.5 s"
    assert reasons["kill"].startswith("killed: killed by signal 9")
    assert reasons["segfault"].startswith("killed: killed by signal 11")
    assert reasons["exit"].startswith("exited")
    assert reasons["eat"] == "out of memory: more than 600 MB of memory"
    states = {word: trials[word]["status"] for word in WORDS}
    assert states == {word: "FINISHED" if word == "fine" else "FAILED" for word in WORDS}
    child = int((place.folder / "child").read_text())
    end = time.monotonic() + 10
    while lives(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not lives(child)


SHARED = ("tuner=random", "tuner.study=mine", "compute.workers=0")


def shared(place):
    """A study in a database, opened by Optuna itself as one more driver."""
    address = f"sqlite:///{place.folder}/studies.db"
    study = optuna.create_study(study_name="mine", storage=address, load_if_exists=True)
    return study, (*SHARED, f"tuner.storage='{address}'")


def test_a_trial_whose_driver_died_while_it_was_asked_for_is_taken_over(place, monkeypatch):
    monkeypatch.setattr("mlops.tuner.storage.HEARTBEAT_S", 1)
    monkeypatch.setattr("mlops.tuner.storage.GRACE_S", 1)
    study, words = shared(place)
    study.ask()
    place(*words, "tuner.trials=2")
    assert [each.state.name for each in study.get_trials()] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_a_driver_whose_trial_was_taken_for_lost_goes_on(place):
    study, words = shared(place)

    def take() -> None:
        while not (left := study.get_trials(states=(TrialState.RUNNING,))) or not left[0].params:
            time.sleep(0.02)
        study._storage.set_trial_state_values(left[0]._trial_id, TrialState.FAIL)
        study.enqueue_trial(left[0].params)

    other = threading.Thread(target=take, daemon=True)
    other.start()
    place(*words, "tuner.trials=2", "model.pause_s=0.2")
    other.join()
    states = Counter(each.state.name for each in study.get_trials())
    assert states == {"FAIL": 1, "COMPLETE": 2}


def test_where_all_fail_the_reason_is_told(place):
    from mlops.core.errors import MlopsError

    with pytest.raises(MlopsError) as told:
        place("tuner=random", "tuner.trials=3", "tuner.space.model.word=choice(raise, exit)")
    assert told.value.problems[0].code == "all-trials-failed"
    assert [each[2] for each in place.table()] == ["FAIL"] * 3
