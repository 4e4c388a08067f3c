"""A study's file: what is read of it, and how little of it is held in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna

from mlops.tuner.journal_file import Filed, Journal, JournalFile

NOTED = {"scores": [{"mae": 0.1}, {"mae": 0.30000000000000004}], "says": "größer"}


def searched(path: Path, trials: int) -> Any:
    study = optuna.create_study(storage=Journal(path), study_name="one", load_if_exists=True)
    for _ in range(trials):
        trial = study.ask()
        value = trial.suggest_float("x", 0, 1)
        trial.set_user_attr("result", {**NOTED, "number": trial.number})
        trial.set_user_attr("lost", "a word")
        study.tell(trial, value)
    return study


def test_what_is_noted_of_a_trial_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "one.journal"
    study = searched(path, 3)
    again = optuna.load_study(storage=Journal(path), study_name="one")
    for trials in (study.get_trials(deepcopy=False), study.trials, again.trials):
        kept = [each.user_attrs["result"] for each in trials]
        assert all(isinstance(each, Filed) for each in kept)
        assert [each() for each in kept] == [{**NOTED, "number": at} for at in range(3)]
        assert {each.user_attrs["lost"] for each in trials} == {"a word"}


def test_plain_optuna_reads_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "one.journal"
    searched(path, 2)
    kept = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(path))
    ).get_all_trials(0)
    assert [each.user_attrs["result"]["number"] for each in kept] == [0, 1]


def test_trials_share_what_they_draw_from(tmp_path: Path) -> None:
    study = searched(tmp_path / "one.journal", 2)
    first, second = study.get_trials(deepcopy=False)
    assert first.distributions["x"] is second.distributions["x"]
    third = study.ask()
    third.suggest_float("x", 0, 2)
    *_, wider = study.get_trials(deepcopy=False)
    assert wider.distributions["x"].high == 2
    assert first.distributions["x"].high == 1


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "one.journal")
    file.append_logs([{"n": 0}, {"n": 1}])
    with (tmp_path / "one.journal").open("ab", buffering=0) as other:
        other.write(b'{"n":')
        assert [each["n"] for each in file.read_logs(1)] == [1]
        assert [*file.read_logs(2)] == []
        other.write(b"2}\n")
        assert [each["n"] for each in file.read_logs(2)] == [2]
    file.append_logs([{"n": 3}])
    assert [each["n"] for each in file.read_logs(3)] == [3]
    assert [each["n"] for each in file.read_logs(0)] == [0, 1, 2, 3]  # an earlier one, again
