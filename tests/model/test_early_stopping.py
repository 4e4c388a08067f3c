"""Models that stop early do so inside a fold, on its own side, and the keys of it are searched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlops.config.catalogue import Catalogue
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core.store import Store
from mlops.flow.fitting import Fitter, fit_model
from mlops.flow.prepare import prepare
from mlops.flow.steps import Steps
from mlops.ui.silent import Silent

WORDS = ["recipe=boston_housing", "mode.folds=3", "compute.workers=0"]
STOPS = {
    "hist_gbm": {"model.early_stopping": True, "model.n_iter_no_change": 2, "model.max_iter": 500},
    "sgd": {"model.patience": 1, "model.tolerance": 0.05, "model.epochs": 500},
}
WHOLE = {
    "hist_gbm": {"model.early_stopping": False, "model.max_iter": 500},
    "sgd": {"model.tolerance": 0.0, "model.patience": 500, "model.epochs": 500},
}


@pytest.fixture
def fitter_of(tmp_path: Path):
    """The job of a model, and a fitter of its folds."""

    def make(model: str):
        job = Job.of(compose([*WORDS, f"model={model}"], Catalogue(tmp_path)))
        steps = Steps(Store(job.outputs / "cache"), job.name, Silent())
        return job, Fitter(prepare(job, steps), steps)

    return make


def rounds(model) -> int:
    """Trees of boosting, epochs of descent."""
    return int(model.n_iter_) if hasattr(model, "n_iter_") else len(model.loss_curve_)


@pytest.mark.parametrize("name", STOPS)
def test_it_stops_inside_a_fold(fitter_of, name):
    job, fitter = fitter_of(name)
    task, front = fitter.prepared.dataset.task, fitter.front(job, 0)
    early = fit_model(job.with_values(STOPS[name]), task, front)
    whole = fit_model(job.with_values(WHOLE[name]), task, front)
    assert rounds(early) < rounds(whole) == 500


@pytest.mark.parametrize("name", STOPS)
def test_the_rows_held_out_say_nothing_about_when(fitter_of, name):
    job, fitter = fitter_of(name)
    stops, prepared = job.with_values(STOPS[name]), fitter.prepared
    before = fitter.answers(stops, 0).values
    held = prepared.split.train[prepared.split.folds[0][1]]
    frame, target = prepared.dataset.frame.copy(), prepared.dataset.task.target
    frame.loc[held, target] = 1000.0
    changed = replace(prepared, dataset=replace(prepared.dataset, frame=frame), key="changed")
    after = Fitter(changed, fitter.steps).answers(stops, 0).values
    assert np.array_equal(before, after)


@pytest.mark.parametrize("name", STOPS)
def test_its_keys_can_be_searched(tmp_path, name):
    space = [f"tuner.space.{key}='{value},{value}'" for key, value in STOPS[name].items()]
    job = Job.of(compose([*WORDS, f"model={name}", "tuner=optuna", *space], Catalogue(tmp_path)))
    merged = job.sketch("tuner").merged(job.space)
    assert STOPS[name].keys() <= merged.keys()
