"""A key that counts only beside some value of another is searched only there."""

from __future__ import annotations

import pytest

from mlops.core.errors import MlopsError
from mlops.core.tuning import Objective
from mlops.tuner.condition import axes
from mlops.tuner.grid import Grid
from mlops.tuner.suggest import read_back, suggested

IMPOSSIBLE = "impossible-condition"
SPACE = {
    "model.degree": "range(2, 4) if kernel == poly",
    "model.gamma": "tag(log, interval(0.01, 1)) if model.kernel in [rbf, poly]",
    "model.kernel": "choice(linear, rbf, poly)",
    "model.coef": "choice(0, 1) if degree == 3",
}


def test_a_key_stands_after_the_one_it_depends_on():
    order = [axis.key for axis in axes(SPACE)]
    assert order.index("model.kernel") < order.index("model.degree") < order.index("model.coef")


def test_a_grid_has_each_point_once():
    def score(params):
        return ({"loss": float(len(params))},)

    objective = Objective(score=score, metric="loss", greater_is_better=False, seed=0)
    tuned = Grid(options={}, space={}, points=2, max_candidates=99).tune(objective, SPACE)
    found = [trial.params for trial in tuned.trials]
    # linear; rbf × 2 gammas; poly × 2 gammas × (degree 2, degree 3 × 2 coefs)
    assert len(found) == 1 + 2 + 2 * 3
    assert tuned.best.params == {"model.kernel": "linear"}
    for params in found:
        assert ("model.degree" in params) == (params["model.kernel"] == "poly")
        assert ("model.coef" in params) == (params.get("model.degree") == 3)


def test_values_that_optuna_could_confuse_come_back_as_they_were():
    import optuna

    space = axes({"a": "choice(true, 1, 1.5)", "b": "choice([8], [8,8])", "c": "1,2,null"})
    study = optuna.create_study()
    for _ in range(12):
        trial = study.ask()
        params = suggested(trial, space)
        study.tell(trial, 0.0)
        again = read_back(study.trials[-1].params, space)
        assert repr(again) == repr(params)


@pytest.mark.parametrize(
    ("space", "code"),
    [
        ({"m.a": "choice(1, 2) if b == 1"}, "unknown-condition-key"),
        ({"m.a": "choice(1, 2) if b == 1", "m.b": "choice(1) if a == 2"}, "circular-conditions"),
        ({"m.a": "interval(2, 1) if b == 1", "m.b": "choice(1, 2)"}, "bad-space"),
        ({"m.a": "interval(1, 2) if b == ploy", "m.b": "choice(poly, rbf)"}, IMPOSSIBLE),
        ({"m.a": "interval(1, 2) if b in [3, 10]", "m.b": "range(1, 10)"}, IMPOSSIBLE),
        (
            {"m.a": "interval(1, 2) if b == x", "m.b": "interval(1, 10) if c == 1", "m.c": "1,2"},
            IMPOSSIBLE,
        ),
        ({}, "empty-space"),
    ],
)
def test_a_condition_that_cannot_hold_is_told(space, code):
    with pytest.raises(MlopsError) as told:
        axes(space)
    assert told.value.problems[0].code == code
    assert ("ploy" in str(told.value)) == (told.value.problems[0].closest == "poly")


def test_the_ends_of_a_long_range_are_known_without_its_steps():
    import optuna

    trial = optuna.create_study().ask()
    suggested(
        trial, axes({"a": "range(1, 1000000, 3)", "b": "range(9, 0, -2)", "c": "range(0, 1, 0.25)"})
    )
    ends = {name: (each.low, each.high) for name, each in trial.distributions.items()}
    assert ends == {"a": (1, 999_997), "b": (1, 9), "c": (0.0, 0.75)}
