"""Every metric equals scikit-learn's, weights and ties included, and NaN means undefined."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as theirs

from mlops.core.dataset import Task
from mlops.core.report import Predictions
from mlops.evaluator.measure import table

NUMBERS = Task("regression", "y")


def drawn(n_classes: int, *, seed: int) -> tuple[np.ndarray, Predictions, Task]:
    """Random labels, decisions and probabilities with many ties."""
    random = np.random.default_rng(seed)
    classes = tuple("abcdefg"[:n_classes])
    raw = np.round(random.dirichlet(np.ones(n_classes), 120), 1) + 0.01
    chances = raw / raw.sum(axis=1, keepdims=True)
    y = random.choice(classes, 120)
    values = np.array(classes)[chances.argmax(axis=1)]
    return y, Predictions(values, chances), Task("classification", "y", classes, classes[0])


def expected(y: np.ndarray, given: Predictions, task: Task) -> dict[str, float]:
    two = len(task.classes) == 2
    chances: Any = given.probabilities
    kind: dict[str, Any] = (
        {"average": "binary", "pos_label": task.positive} if two else {"average": "macro"}
    )
    hit = y[:, None] == np.array(task.classes)
    chosen = chances[:, 0] if two else chances
    ranked = hit[:, 0] if two else hit
    return {
        "accuracy": theirs.accuracy_score(y, given.values),
        "balanced_accuracy": theirs.balanced_accuracy_score(y, given.values),
        "precision": theirs.precision_score(y, given.values, zero_division=0, **kind),
        "recall": theirs.recall_score(y, given.values, zero_division=0, **kind),
        "f1": theirs.f1_score(y, given.values, zero_division=0, **kind),
        "roc_auc": theirs.roc_auc_score(ranked, chosen, average="macro"),
        "pr_auc": theirs.average_precision_score(ranked, chosen, average="macro"),
        "log_loss": theirs.log_loss(y, chances, labels=list(task.classes)),
        "brier": theirs.brier_score_loss(ranked, chosen)
        if two
        else theirs.brier_score_loss(y, chances, labels=list(task.classes)),
        "calibration_error": binned(*((chosen, ranked) if two else top(chances, hit))),
    }


def top(chances: np.ndarray, hit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest probability of each row, and whether the row is of that class."""
    return chances.max(axis=1), hit[np.arange(len(hit)), chances.argmax(axis=1)]


def binned(chance: np.ndarray, hit: np.ndarray) -> float:
    """The expected calibration error, bin by bin as its formula says."""
    edges = np.linspace(0, 1, 11)
    error = 0.0
    for low, high in pairwise(edges):
        inside = (chance >= low) & ((chance < high) | (high == 1))
        if inside.any():
            error += inside.mean() * abs(chance[inside].mean() - hit[inside].mean())
    return error


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_class_metrics_equal_scikit_learns(evaluator: Any, n_classes: int, seed: int) -> None:
    y, given, task = drawn(n_classes, seed=seed)
    ours = evaluator("classification").scores(y, given, task)
    assert ours == pytest.approx(expected(y, given, task), rel=1e-12)


def test_number_metrics_equal_scikit_learns(evaluator: Any) -> None:
    random = np.random.default_rng(0)
    y = 1e6 + random.normal(0, 1, 200)
    predicted = y + random.normal(0, 0.5, 200)
    ours = evaluator("regression").scores(y, Predictions(predicted), NUMBERS)
    assert ours == pytest.approx(
        {
            "mse": theirs.mean_squared_error(y, predicted),
            "rmse": theirs.root_mean_squared_error(y, predicted),
            "mae": theirs.mean_absolute_error(y, predicted),
            "r2": theirs.r2_score(y, predicted),
        },
        rel=1e-9,
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_weight_counts_a_row_as_often_as_it_says(evaluator: Any, n_classes: int) -> None:
    y, given, task = drawn(n_classes, seed=3)
    judge = evaluator("classification")
    often = np.random.default_rng(0).integers(0, 4, len(y))
    at = np.repeat(np.arange(len(y)), often)
    chances: Any = given.probabilities
    repeated = judge.scores(y[at], Predictions(given.values[at], chances[at]), task)
    rows = judge.rows(y, given, task)
    weighted = table(judge.measures_for(task), rows, [often[None].astype(float)])[0]
    np.testing.assert_allclose(weighted, list(repeated.values()), rtol=1e-12)


def test_the_positive_class_is_the_one_the_task_names(evaluator: Any) -> None:
    y = np.array(["no", "no", "yes", "yes", "yes"])
    given = Predictions(np.array(["no", "yes", "yes", "yes", "no"]))
    judge = evaluator("classification")
    of_yes = judge.scores(y, given, Task("classification", "y", ("no", "yes"), "yes"))
    of_no = judge.scores(y, given, Task("classification", "y", ("no", "yes"), "no"))
    assert of_yes["recall"] == pytest.approx(2 / 3)
    assert of_no["recall"] == pytest.approx(1 / 2)


def test_the_calibration_error_tells_chances_from_certainties(evaluator: Any) -> None:
    random = np.random.default_rng(0)
    chance = random.uniform(size=20_000)
    y = np.where(random.uniform(size=20_000) < chance, "yes", "no")
    task = Task("classification", "y", ("no", "yes"), "yes")
    judge = evaluator("classification")

    def error(said: np.ndarray) -> float:
        given = Predictions(np.where(said > 0.5, "yes", "no"), np.column_stack([1 - said, said]))
        return judge.scores(y, given, task)["calibration_error"]

    assert error(chance) < 0.02
    assert error(np.round(chance)) == pytest.approx(0.25, abs=0.01)
    assert error(np.full(20_000, 0.5)) < 0.01  # tells nothing, and says so


def test_cost_is_the_mean_over_the_rows(evaluator: Any) -> None:
    task = Task("classification", "y", ("bad", "good"), "bad", {"bad": 5})
    y = np.array(["bad", "bad", "good", "good"])
    given = Predictions(np.array(["good", "bad", "bad", "good"]))
    assert evaluator("classification").scores(y, given, task)["cost"] == (5 + 1) / 4


@pytest.mark.parametrize("label", [True, 1, 2.0, "yes"])
def test_labels_of_any_kind_are_matched(evaluator: Any, label: object) -> None:
    task = Task("classification", "y", (0, label), label)
    y = np.array([0, label, label], dtype=object)
    assert evaluator("classification").scores(y, Predictions(y), task)["accuracy"] == 1


def test_undefined_is_nan_and_never_a_crash_or_a_warning_of_numpy(evaluator: Any) -> None:
    judge = evaluator("classification")
    task = Task("classification", "y", ("a", "b"), "a")
    one_class = np.array(["b", "b", "b"])
    sure = Predictions(one_class, np.array([[0.0, 1.0]] * 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = judge.scores(one_class, sure, task)
        without = judge.scores(one_class, Predictions(one_class), task)
        flat = evaluator("regression").scores(np.ones(3), Predictions(np.ones(3)), NUMBERS)
        wild = evaluator("regression").scores(
            np.ones(2), Predictions(np.array([np.inf, np.nan])), NUMBERS
        )
    undefined = {name for name, value in scores.items() if np.isnan(value)}
    assert undefined == {"recall", "f1", "roc_auc", "pr_auc"}
    assert np.isnan(without["log_loss"])
    assert np.isnan(without["calibration_error"])
    assert scores["calibration_error"] == 0
    assert np.isnan(flat["r2"])
    assert flat["mse"] == 0
    assert np.isnan(wild["mse"])


def test_an_unknown_label_is_refused_with_the_classes(evaluator: Any) -> None:
    from mlops.core.errors import MlopsError

    task = Task("classification", "y", ("a", "b"), "a")
    y = np.array(["a", "c"])
    with pytest.raises(MlopsError, match="unknown-class") as caught:
        evaluator("classification").scores(y, Predictions(y), task)
    assert caught.value.problems[0].accepted == "a, b"
