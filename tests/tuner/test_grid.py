"""The grid tries everything, keeps the first best, and survives candidates that fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold

from mlops.core.errors import MlopsError
from mlops.core.tuning import Objective, Unheard
from mlops.tuner.grid import Grid
from mlops.tuner.space import merged


def grid(**keys: Any) -> Grid:
    return Grid(**{"options": {}, "space": {}, "points": 5, "max_candidates": 100, **keys})


def objective(score: Any, *, greater: bool = True) -> Objective:
    return Objective(score=score, metric="m", greater_is_better=greater, seed=0)


def test_it_finds_what_grid_search_cv_finds() -> None:
    X, y = load_diabetes(return_X_y=True)
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))

    def score(params: dict[str, Any]) -> tuple[dict[str, float], ...]:
        model = Ridge(alpha=params["model.alpha"], fit_intercept=params["model.fit_intercept"])
        answers = [(y[out], model.fit(X[fit], y[fit]).predict(X[out])) for fit, out in folds]
        return tuple({"m": r2_score(*answer)} for answer in answers)

    space = {
        "model.alpha": "choice(0.01, 0.1, 1, 10)",
        "model.fit_intercept": "choice(false, true)",
    }
    tuned = grid().tune(objective(score), space)
    theirs = GridSearchCV(
        Ridge(),
        {"alpha": [0.01, 0.1, 1, 10], "fit_intercept": [False, True]},
        cv=folds,
        scoring="r2",
    ).fit(X, y)
    assert {key.removeprefix("model."): value for key, value in tuned.best.params.items()} == (
        theirs.best_params_
    )
    means = [trial.mean("m") for trial in tuned.trials]
    np.testing.assert_allclose(means, theirs.cv_results_["mean_test_score"])


def test_the_first_of_equals_wins_either_way() -> None:
    for greater in (True, False):
        tuned = grid().tune(
            objective(lambda params: ({"m": 1.0},), greater=greater), {"a": "range(0, 4)"}
        )
        assert tuned.best.number == 0


def test_a_failing_candidate_is_recorded_and_cannot_win() -> None:
    def score(params: dict[str, Any]) -> tuple[dict[str, float], ...]:
        if params["a"] == 3:
            raise ValueError("three is refused\nwith details")
        return ({"m": float("nan") if params["a"] == 2 else params["a"]},)

    tuned = grid().tune(objective(score), {"a": "range(0, 4)"})
    assert tuned.best.params == {"a": 1}
    assert tuned.trials[3].state == "failed"
    assert tuned.trials[3].says == "ValueError: three is refused"
    assert np.isnan(tuned.trials[3].mean("m"))


def test_all_failing_is_one_error_with_the_reasons() -> None:
    def score(params: dict[str, Any]) -> tuple[dict[str, float], ...]:
        raise ZeroDivisionError("by zero")

    with pytest.raises(MlopsError) as caught:
        grid().tune(objective(score), {"a": "range(0, 4)"})
    (problem,) = caught.value.problems
    assert problem.code == "all-trials-failed"
    assert problem.found == "ZeroDivisionError: by zero"


def test_an_interrupt_is_no_failed_candidate() -> None:
    def score(params: dict[str, Any]) -> tuple[dict[str, float], ...]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grid().tune(objective(score), {"a": "range(0, 4)"})


def test_a_part_of_a_large_grid_is_told_as_one() -> None:
    class Screen(Unheard):
        def line(self, text: str) -> None:
            lines.append(text)

    lines: list[str] = []
    asked = replace(objective(lambda params: ({"m": params["model.a"]},)), screen=Screen())
    assert len(grid(trials=3).tune(asked, {"model.a": "range(0, 12)"}).trials) == 3
    assert lines == ["3 of 12 combinations, spread evenly"]


def test_its_own_space_adds_replaces_and_takes_out() -> None:
    own = {"model.alpha": "choice(7)", "model": {"deep": {"key": "choice(1)"}}, "model.l1": None}
    space = {"model.alpha": "choice(1, 2)", "model.l1": "choice(1)", "model.other": "choice(3)"}
    assert merged(space, own) == {
        "model.alpha": "choice(7)",
        "model.other": "choice(3)",
        "model.deep.key": "choice(1)",
    }


def test_a_grid_that_is_too_large_says_its_count() -> None:
    with pytest.raises(MlopsError) as caught:
        grid(max_candidates=10).check({"a": "interval(0, 1)", "b": "range(0, 4)"})
    (problem,) = caught.value.problems
    assert "20 candidates" in problem.says
    assert problem.found == "5 a × 4 b"


def test_nothing_to_search_is_refused_before_the_run() -> None:
    with pytest.raises(MlopsError, match="nothing to search"):
        grid().check({})
