"""The Gaussian process learns from trials that were pruned too, and searches by several metrics."""

from __future__ import annotations

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from mlops.tuner.gp_sampler import GpSampler


def test_pruned_trials_count_with_what_they_had_by_then():
    space = {"x": FloatDistribution(0.0, 1.0)}
    study = optuna.create_study(sampler=GpSampler(seed=0, n_startup_trials=10))
    for number in range(12):
        x = number / 11
        study.enqueue_trial({"x": x})
        trial = study.ask(space)
        trial.report((x - 0.3) ** 2, 1)
        if number < 4:
            study.tell(trial, (x - 0.3) ** 2)
        else:
            study.tell(trial, state=TrialState.PRUNED)
    study.tell(study.ask(space), state=TrialState.PRUNED)  # before its first fold
    assert abs(study.ask(space).params["x"] - 0.3) < 0.1


def test_several_metrics_are_searched_along_their_front():
    space = {"x": FloatDistribution(-4.0, 4.0)}
    sampler = GpSampler(seed=0, n_startup_trials=5)
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    for _ in range(20):
        trial = study.ask(space)
        x = trial.params["x"]
        study.tell(trial, [x**2, -((x - 1) ** 2)])  # the front is 0 to 1
    late = [each.params["x"] for each in study.trials[10:]]
    assert sum(-0.3 < x < 1.3 for x in late) > len(late) / 2  # of random ones a fifth would be
