"""Of trials that are good in different ways, one is picked as the configuration says."""

from __future__ import annotations

import pytest

from mlops.core.errors import MlopsError
from mlops.core.tuning import Trial
from mlops.tuner.goals import Goal
from mlops.tuner.pareto import front, picked, rows

GOALS = (Goal("recall", True), Goal("cost", False))


def trial(number: int, recall: float, cost: float, state: str = "complete") -> Trial:
    return Trial(number=number, params={}, scores=({"recall": recall, "cost": cost},), state=state)


TRIALS = (
    trial(0, 0.90, 9.0),
    trial(1, 0.895, 5.0),
    trial(2, 0.80, 1.0),
    trial(3, 0.79, 2.0),  # worse than 2 in both
    trial(4, 0.895, 5.0),  # the same as 1, later
    trial(5, 0.99, 0.1, state="pruned"),
)


def test_the_front_holds_what_nothing_beats_the_best_by_the_first_goal_first():
    assert [each.number for each in front(TRIALS, GOALS)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("pick", "number"), [("first", 0), ("knee", 1), (0.0, 0), (0.01, 1), (0.2, 2)]
)
def test_one_is_picked(pick, number):
    assert picked(front(TRIALS, GOALS), GOALS, pick).number == number


def test_the_front_is_a_table_that_says_which_one_is_picked():
    found = front(TRIALS, GOALS)
    table = rows(found, GOALS, picked(found, GOALS, "knee"))
    assert [row["trial"] for row in table] == [0, 1, 2]
    assert [row["pick"] for row in table] == ["", "picked", ""]
    assert [(row["cv_recall"], row["cv_cost"]) for row in table] == [(0.9, 9), (0.895, 5), (0.8, 1)]


def test_nothing_can_be_picked_where_nothing_is_complete():
    with pytest.raises(MlopsError) as told:
        front(TRIALS[-1:], GOALS)
    assert told.value.problems[0].code == "all-trials-failed"
