"""What joins models: probabilities in one order, and the threshold that costs least."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from mlops.core import artefact
from mlops.model.ensemble import (
    EnsembleClassifier,
    EnsembleRegressor,
    cheapest,
    said,
    side_by_side,
    stacker,
)
from mlops.model.mean_cost import mean_cost

chances = some.lists(some.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0]), min_size=2, max_size=12)


@given(chances, some.randoms(), some.sampled_from([1.0, 5.0, 0.2]))
def test_no_other_threshold_costs_less(chance, random, cost):
    classes, costs = ("bad", "good"), {"bad": cost}
    labels = np.array([random.choice(classes) for _ in chance])
    shares = np.column_stack([1 - np.array(chance), chance])

    def price(threshold):
        return mean_cost(labels, np.array(classes)[said(shares, threshold)], costs=costs)

    found = price(cheapest(shares, labels, classes, costs))
    assert found == pytest.approx(min(price(each) for each in (-1.0, 2.0, *chance)))


def test_a_member_that_knows_fewer_classes_says_nothing_of_the_others():
    X = np.arange(6.0)[:, None]
    one = LogisticRegression().fit(X, ["a", "a", "b", "b", "c", "c"])
    other = LogisticRegression().fit(X[2:], ["b", "b", "c", "c"])
    joined = EnsembleClassifier.joined([one, other], classes_=np.array(["a", "b", "c"]))
    shares = joined.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    np.testing.assert_allclose(shares[:, 0], one.predict_proba(X)[:, 0] / 2)


@pytest.mark.parametrize("stacked", [False, True])
def test_it_is_saved_without_pickle_and_answers_the_same(tmp_path, stacked):
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 3))
    numbers, words = X @ [1.0, 2.0, 0.0], np.where(X[:, 0] > 0, "yes", "no")
    members = [Ridge(alpha=each).fit(X, numbers) for each in (0.1, 10.0)]
    voters = [LogisticRegression(C=each).fit(X, words) for each in (0.1, 10.0)]
    stack = vote = None
    if stacked:
        answers = side_by_side([each.predict(X) for each in members])
        stack = stacker(is_class=False).fit(answers, numbers)
        answers = side_by_side([each.predict_proba(X) for each in voters])
        vote = stacker(is_class=True).fit(answers, words)
    made = [
        EnsembleRegressor.joined(members, stack),
        EnsembleClassifier.joined(voters, vote, classes_=np.array(["no", "yes"]), threshold_=0.3),
    ]
    for at, each in enumerate(made):
        pipeline = Pipeline([("model", each)])
        artefact.save(pipeline, tmp_path / f"{at}.skops")
        loaded = artefact.load(tmp_path / f"{at}.skops")
        assert (loaded.predict(X) == pipeline.predict(X)).all()
    assert (loaded.predict_proba(X) == pipeline.predict_proba(X)).all()
