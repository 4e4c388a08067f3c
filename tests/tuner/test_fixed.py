"""The fixed tuner scores the configuration once."""

from __future__ import annotations

import pytest

from mlops.core.tuning import Objective
from mlops.tuner.fixed import Fixed


def test_it_asks_once_and_changes_nothing() -> None:
    asked = []

    def score(params: dict[str, object]) -> tuple[dict[str, float], ...]:
        asked.append(params)
        return ({"r2": 0.5}, {"r2": 0.7})

    objective = Objective(score=score, metric="r2", greater_is_better=True, seed=0)
    tuned = Fixed().tune(objective, {"model.alpha": "choice(1, 2)"})
    assert asked == [{}]
    assert tuned.best.params == {}
    assert tuned.best.mean("r2") == pytest.approx(0.6)
    assert tuned.trials == (tuned.best,)


def test_an_error_of_the_parts_reaches_the_caller() -> None:
    def score(params: dict[str, object]) -> tuple[dict[str, float], ...]:
        raise ValueError("no rows")

    objective = Objective(score=score, metric="r2", greater_is_better=True, seed=0)
    with pytest.raises(ValueError, match="no rows"):
        Fixed().tune(objective, {})
