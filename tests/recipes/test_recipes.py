"""Each shipped recipe runs in full and keeps the promise of its header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mlops.cli import run
from mlops.core import artefact
from mlops.core.record import Result

ROOT = Path(__file__).resolve().parents[2]
RECIPES = {path.stem: path for path in sorted((ROOT / "recipes").glob("*.yaml"))}
MODELS = sorted(path.stem for path in (ROOT / "conf" / "model").glob("*.yaml"))
PROMISE = re.compile(r"(?P<metric>[a-z_0-9]+) (?P<value>\d+(?:\.\d+)?) ± (?P<width>\d+(?:\.\d+)?)")


def expected(recipe: str) -> str:
    lines = RECIPES[recipe].read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("# Expect: "))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("recipes")


@pytest.fixture(scope="module")
def mlops(folder) -> Callable[..., Result]:
    """Run a command in the module's folder, each one only once; records stay in the spool."""
    known: dict[tuple[str, ...], Result] = {}

    def command(*words: str) -> Result:
        if words not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                known[words] = run(*words, "tracker=offline")
        return known[words]

    return command


def values(result: Result) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in result.metrics}


def model_of(result: Result, folder: Path) -> Any:
    return artefact.load(folder / result.folder / "model" / "model.skops").named_steps["model"]


def test_all_but_the_blank_one_promise_a_number():
    assert {name for name in RECIPES if PROMISE.search(expected(name))} == {*RECIPES} - {"blank"}


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_passes_its_gates_and_finds_the_metrics_it_promises(mlops, recipe):
    result = mlops(f"recipe={recipe}")
    assert (result.outcome, result.exit_code) == ("passed", 0)
    assert result.details["recipe"] == recipe
    for promise in PROMISE.finditer(expected(recipe)):
        found = values(result)[promise["metric"]]
        assert abs(found - float(promise["value"])) <= float(promise["width"]), promise[0]


@pytest.mark.parametrize("recipe", RECIPES)
def test_its_first_promise_is_the_metric_that_ranks(mlops, recipe):
    promise = PROMISE.search(expected(recipe))
    if promise:
        assert mlops(f"recipe={recipe}").metrics[0]["name"] == promise["metric"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "blank"])
def test_every_model_runs_in_every_recipe(mlops, recipe, model):
    result = mlops(f"recipe={recipe}", f"model={model}", "mode=smoke", "mode.max_rows=150")
    assert (result.outcome, result.exit_code) == ("passed", 0)


# Credit scoring.


def test_credit_weights_and_a_tuned_threshold_make_mistakes_cheaper(mlops):
    as_is = mlops("recipe=credit_scoring")
    plain = mlops("recipe=credit_scoring", "model.threshold=0.5", "model.class_weight=none")
    assert values(as_is)["cost"] < 0.75 * values(plain)["cost"]
    assert values(as_is)["recall"] > values(plain)["recall"]


def test_credit_s_model_holds_the_costs_of_its_data_and_a_threshold_of_its_own(mlops, folder):
    model = model_of(mlops("recipe=credit_scoring"), folder)
    inner = model
    while hasattr(inner, "estimator_"):
        inner = inner.estimator_
    weights = inner.class_weight
    assert weights["bad"] / weights["good"] == 5
    assert 0 < model.best_threshold_ < 1
    assert model.best_threshold_ != pytest.approx(0.5)


def test_credit_is_judged_by_age_and_by_sex_without_naming_a_person_s_value(mlops, folder):
    result = mlops("recipe=credit_scoring")
    page = (folder / result.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("personal_status_and_sex") >= 4
    assert page.count("age_in_years") >= 4
    assert "band 1 of 4" in page
    raw = (ROOT / "mlops" / "data" / "files" / "german_credit.csv").read_text(encoding="utf-8")
    sexes = set(re.findall(r"\b(?:fe)?male[^,\"]*", raw))
    assert sexes
    for path in (folder / result.folder).rglob("*"):
        is_input = path.suffix == ".skops" or path.parent.name == "golden"  # the model's own
        if path.is_file() and not is_input:
            assert not [sex for sex in sexes if sex.encode() in path.read_bytes()], path


def test_credit_takes_another_model_features_and_a_wider_fence(mlops, folder):
    words = ("model=linear", "features=minmax", "cleaner.outliers.factor=3")
    result = mlops("recipe=credit_scoring", *words)
    assert result.details["choices"]["features"] == "minmax"
    assert result.outcome == "passed"
    kept = yaml.safe_load((folder / result.folder / "config.yaml").read_text())
    assert kept["cleaner"]["outliers"]["factor"] == 3


# Disease prediction.


def test_disease_is_recalled_before_it_is_precise(mlops):
    as_is = mlops("recipe=disease_prediction")
    plain = mlops("recipe=disease_prediction", "model.threshold=0.5")
    assert values(as_is)["recall"] >= values(plain)["recall"]
    assert values(as_is)["recall"] > values(as_is)["precision"]


def test_disease_comes_with_calibrated_chances(mlops, folder):
    result = mlops("recipe=disease_prediction")
    assert not [warning for warning in result.warnings if "calibrated" in warning]
    model = model_of(result, folder)
    assert "CalibratedClassifier" in str(model.get_params(deep=True))


# Boston housing, searched.


def test_the_grid_of_boston_housing_tries_both_with_and_without_an_intercept(mlops, folder):
    result = mlops("recipe=boston_housing", "tuner=grid")
    trials = json.loads((folder / result.folder / "trials.json").read_text())
    tried = {trial["params"]["model.fit_intercept"] for trial in trials}
    assert tried == {True, False}
    assert result.details["trials"] == len(trials) > 2
    assert "model.fit_intercept" in result.details["best"]
    means = [np.mean([fold["rmse"] for fold in trial["scores"]]) for trial in trials]
    best = trials[int(np.argmin(means))]
    assert result.details["best"] == best["params"]
    assert result.metrics[0]["cv_mean"] == pytest.approx(min(means))


def test_every_trial_is_a_child_run(mlops, folder):
    result = mlops("recipe=boston_housing", "tuner=grid")
    spooled = [json.loads(path.read_text()) for path in (folder / "outputs/spool").glob("*.json")]
    records = [each["record"] for each in spooled if "record" in each]
    children = [each for each in records if each["parent_key"] == result.key]
    assert len(children) == result.details["trials"]
    assert {child["params"]["model.fit_intercept"] for child in children} == {"True", "False"}
    assert all(child["metrics"] for child in children)
