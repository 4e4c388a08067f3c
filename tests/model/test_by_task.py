"""One option, two estimators: what the keys do to each."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB

from mlops.core.dataset import Task
from mlops.core.errors import MlopsError
from mlops.model.by_task import ByTask, loss_curve
from mlops.model.hist_gbm_classifier import hist_gbm_classifier
from mlops.model.l2_logistic import l2_logistic
from mlops.model.mean_cost import mean_cost
from mlops.model.sgd_classifier import SgdClassifier
from mlops.model.sgd_regressor import SgdRegressor

PRICE = Task("regression", "price")
CREDIT = Task("classification", "credit", ("bad", "good"), "bad", {"bad": 5.0})
PLAIN = Task("classification", "credit", ("bad", "good"), "bad")
WINE = Task("classification", "kind", (0, 1, 2), None, {2: 3.0})


def linear(**keys) -> ByTask:
    return ByTask(regression=LinearRegression, classification=LogisticRegression, **keys)


def test_shared_keys_reach_both():
    model = ByTask(regression=Ridge, classification=l2_logistic, alpha=4.0, fit_intercept=False)
    assert model.estimator(PRICE, seed=0).get_params()["alpha"] == 4.0
    classifier = model.estimator(PLAIN, seed=0)
    assert (classifier.C, classifier.fit_intercept) == (0.25, False)


def test_what_is_said_of_one_estimator_wins_over_what_is_said_of_both():
    ridge = functools.partial(Ridge, alpha=9.0, random_state=3)
    model = ByTask(regression=ridge, alpha=4.0, solver="svd").estimator(PRICE, seed=0)
    assert (model.alpha, model.random_state, model.solver) == (9.0, 3, "svd")
    balanced = functools.partial(LogisticRegression, class_weight="balanced")
    model = ByTask(classification=balanced, C=2.0).estimator(CREDIT, seed=0)
    assert (model.estimator.class_weight, model.estimator.C) == ("balanced", 2.0)


def test_the_seed_goes_where_it_is_taken():
    assert linear().estimator(PLAIN, seed=7).random_state == 7
    assert "random_state" not in linear().estimator(PRICE, seed=7).get_params()


def test_costs_become_weights_and_a_tuned_threshold():
    model = linear().estimator(CREDIT, seed=0)
    assert type(model).__name__ == "TunedThreshold"
    assert model.estimator.class_weight == {"bad": 5.0, "good": 1.0}


def test_costs_are_counted_once_where_the_threshold_counts_them():
    model = linear(threshold="bayes").estimator(CREDIT, seed=0)
    assert (model.threshold, model.estimator.class_weight) == (pytest.approx(1 / 6), None)
    honest = linear(threshold="bayes", calibration="sigmoid").estimator(CREDIT, seed=0)
    assert honest.estimator.estimator.class_weight == {"bad": 5.0, "good": 1.0}
    assert linear(threshold="bayes").estimator(WINE, seed=0).class_weight == {0: 1, 1: 1, 2: 3}


def test_without_costs_nothing_is_weighted_or_wrapped():
    model = linear().estimator(PLAIN, seed=0)
    assert isinstance(model, LogisticRegression)
    assert model.class_weight is None


def test_costs_of_three_classes_are_weights_and_no_threshold():
    model = linear().estimator(WINE, seed=0)
    assert model.class_weight == {0: 1.0, 1: 1.0, 2: 3.0}


def test_weights_can_be_refused_and_balanced():
    assert linear(class_weight="none", threshold=0.5).estimator(CREDIT, seed=0).class_weight is None
    assert linear(class_weight="balanced").estimator(PLAIN, seed=0).class_weight == "balanced"


def test_a_classifier_that_takes_no_weights_is_not_weighted():
    model = ByTask(classification=GaussianNB, threshold=0.5).estimator(CREDIT, seed=0)
    assert isinstance(model, GaussianNB)


@pytest.mark.parametrize("labels", [("bad", "good"), (1, 2)])
def test_boosted_trees_weigh_by_label(labels):
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 1))
    y = np.array(labels)[(X[:, 0] + random.normal(size=400) > 0).astype(int)]
    model = ByTask(classification=hist_gbm_classifier, threshold=0.5, max_iter=10)
    for label in labels:
        task = Task("classification", "y", labels, labels[0], {label: 20.0})
        said = model.estimator(task, seed=0).fit(X, y).predict(X)
        assert (said == label).mean() > 0.7


def test_calibration_is_inside_the_threshold():
    model = linear(calibration="isotonic", threshold=0.2, folds=3).estimator(PLAIN, seed=0)
    assert (model.threshold, model.pos_label) == (0.2, "bad")
    assert (model.estimator.method, model.estimator.cv) == ("isotonic", 3)


def test_a_threshold_is_about_the_positive_class():
    X = np.linspace(-3, 3, 200)[:, None]
    y = np.where(X[:, 0] + np.sin(9 * X[:, 0]) > 0, "good", "bad")
    eager = linear(threshold=0.1).estimator(PLAIN, seed=0).fit(X, y)
    lazy = linear(threshold=0.9).estimator(PLAIN, seed=0).fit(X, y)
    assert (eager.predict(X) == "bad").sum() > (lazy.predict(X) == "bad").sum()


def test_the_tuned_threshold_lowers_the_mean_cost():
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 1))
    y = np.where(X[:, 0] + random.normal(size=600) > -1.0, "good", "bad")
    plain = linear(class_weight="none", threshold=0.5).estimator(CREDIT, seed=0).fit(X, y)
    tuned = linear(class_weight="none").estimator(CREDIT, seed=0).fit(X, y)
    cost = {
        name: mean_cost(y, model.predict(X), costs=CREDIT.costs)
        for name, model in {"plain": plain, "tuned": tuned}.items()
    }
    assert cost["tuned"] < 0.8 * cost["plain"]


@pytest.mark.parametrize(
    ("keys", "task", "code"),
    [
        ({"calibration": "platt"}, PLAIN, "not-accepted"),
        ({"threshold": 1.5}, PLAIN, "not-accepted"),
        ({"threshold": "tund"}, PLAIN, "not-accepted"),
        ({"class_weight": "heavy"}, PLAIN, "not-accepted"),
        ({"threshold": "tuned"}, WINE, "threshold-needs-two-classes"),
        ({"threshold": 0.3}, PRICE, "needs-class-target"),
        ({"calibration": "sigmoid"}, PRICE, "needs-class-target"),
        ({"fit_intercpt": True}, PRICE, "unknown-key"),
        ({}, Task("recommendation", "rating"), "task-not-served"),
    ],
)
def test_what_cannot_be_is_refused_in_five_parts(keys, task, code):
    with pytest.raises(MlopsError) as caught:
        linear(**keys).estimator(task, seed=0)
    (problem,) = caught.value.problems
    assert (problem.code, problem.exit_code) == (code, 2)


def test_an_option_may_serve_one_task_alone():
    with pytest.raises(MlopsError, match="task-not-served"):
        ByTask(classification=GaussianNB).estimator(PRICE, seed=0)


def test_the_mean_cost_counts_mistakes_by_their_true_class():
    truth, said = ["bad", "bad", "good", "good"], ["good", "bad", "bad", "good"]
    assert mean_cost(truth, said, costs={"bad": 5.0}) == (5 + 1) / 4
    assert mean_cost(truth, said, costs={}) == 2 / 4


def test_gradient_descent_finds_least_squares_and_keeps_its_loss():
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 2))
    y = X @ [2.0, -1.0] + 3.0 + random.normal(scale=0.1, size=300)
    model = SgdRegressor(random_state=0, tolerance=1e-5).fit(X, y)
    exact = LinearRegression().fit(X, y)
    assert np.allclose(model.model_.coef_, exact.coef_, atol=0.02)
    assert model.loss_curve_[-1] == np.mean((y - model.predict(X)) ** 2)
    assert model.loss_curve_[0] > 10 * model.loss_curve_[-1]
    assert len(model.loss_curve_) < 200  # it stopped by itself


def test_gradient_descent_says_when_it_diverges():
    X = np.linspace(-1e6, 1e6, 100)[:, None]
    with pytest.raises(MlopsError, match="diverged"):
        SgdRegressor(random_state=0).fit(X, X[:, 0])


def test_the_loss_curve_is_found_inside_the_wrappers():
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 2))
    y = np.where(X[:, 0] > random.normal(size=120), "good", "bad")
    maker = functools.partial(SgdClassifier, epochs=4, patience=9)
    wrapped = ByTask(classification=maker, calibration="sigmoid", folds=2)
    assert len(loss_curve(wrapped.estimator(CREDIT, seed=0).fit(X, y))) == 4
    assert loss_curve(LogisticRegression().fit(X, y)) is None
