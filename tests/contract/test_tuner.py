"""Every tuner finds the same twice, and no worse than what it was given."""

from __future__ import annotations

from mlops.core.tuning import Objective

SPACE = {"model.alpha": "choice(1, 2, 3, 4)"}


def score(params):
    return ({"loss": abs(params.get("model.alpha", 1) - 3)},)


def test_the_same_seed_finds_the_same(made, tuner_option):
    asked = Objective(score=score, metric="loss", greater_is_better=False, seed=5)
    first = made("tuner", tuner_option).tune(asked, dict(SPACE))
    second = made("tuner", tuner_option).tune(asked, dict(SPACE))
    assert first.best.params == second.best.params
    assert [trial.params for trial in first.trials] == [trial.params for trial in second.trials]


def test_the_best_is_one_of_the_trials_and_none_is_better(made, tuner_option):
    asked = Objective(score=score, metric="loss", greater_is_better=False, seed=5)
    tuned = made("tuner", tuner_option).tune(asked, dict(SPACE))
    assert all(tuned.best.mean("loss") <= trial.mean("loss") for trial in tuned.trials)


def test_a_space_is_not_changed(made, tuner_option):
    space = dict(SPACE)
    asked = Objective(score=score, metric="loss", greater_is_better=False, seed=5)
    made("tuner", tuner_option).tune(asked, space)
    assert space == SPACE
