"""The report holds what the page shows: metrics, worst rows, plots, warnings; as plain data."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from mlops.core.report import Predictions
from mlops.evaluator.auto import Auto


def test_the_primary_metric_comes_first_with_all_it_is_compared_to(
    evaluator: Any, judge: Any, houses: Any
) -> None:
    folds = ({"mae": 20.0, "rmse": 30.0}, {"mae": 30.0, "rmse": float("nan")})
    report = judge(evaluator("regression", primary="mae"), houses, folds=folds)
    first = report.metrics[0]
    assert first.name == report.primary == "mae"
    assert first.low < first.value < first.high < first.baseline
    assert (first.cv_mean, first.cv_std) == (25.0, 5.0)
    assert not first.greater_is_better
    assert report.metric("rmse").cv_mean == 30.0
    assert report.metric("r2").cv_mean is None


@pytest.mark.parametrize("name", ["houses", "loans"])
def test_the_report_is_plain_data_and_says_the_same_twice(
    evaluator: Any, judge: Any, name: str, request: Any
) -> None:
    data = request.getfixturevalue(name)
    rule = evaluator(data.task.name, slices=["age"] if name == "loans" else ["rooms"])
    before = data.frame.copy()
    texts = [json.dumps(dataclasses.asdict(judge(rule, data))) for _ in range(2)]
    assert texts[0] == texts[1]
    assert data.frame.equals(before)


def test_the_worst_rows_come_first_without_sensitive_columns(
    evaluator: Any, judge: Any, houses: Any
) -> None:
    values = houses.y.to_numpy().copy()
    values[[7, 9]] += [50, -80]
    report = judge(evaluator("regression"), houses, Predictions(values))
    assert [row["row"] for row in report.worst] == [9, 7]
    assert report.worst[0]["error"] == pytest.approx(80)
    assert set(report.worst[0]) == {"row", "actual", "predicted", "error", "size", "rooms"}


@pytest.mark.parametrize("name", ["houses", "loans"])
def test_no_picture_shows_a_sensitive_target(
    evaluator: Any, judge: Any, name: str, request: Any
) -> None:
    data = request.getfixturevalue(name)
    rule = evaluator(data.task.name)
    assert judge(rule, data).plots
    columns = (*data.columns[:-1], dataclasses.replace(data.columns[-1], sensitive=True))
    assert judge(rule, dataclasses.replace(data, columns=columns)).plots == ()


def test_the_worst_class_predictions_are_the_surest_mistakes(
    evaluator: Any, judge: Any, loans: Any, make_answers: Any
) -> None:
    worst = judge(evaluator("classification"), loans).worst
    assert len(worst) == 10
    assert worst[0]["actual"] != worst[0]["predicted"]
    assert [row["error"] for row in worst] == sorted((row["error"] for row in worst), reverse=True)
    assert "sex" not in worst[0]


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("houses", ["Predicted against actual", "Residuals against predicted", "Residuals"]),
        (
            "loans",
            [
                "ROC curve",
                "Precision and recall",
                "Calibration",
                "Confusion matrix",
                "Probabilities by actual class",
            ],
        ),
    ],
)
def test_each_task_has_its_pictures(
    evaluator: Any, judge: Any, name: str, titles: list[str], request: Any
) -> None:
    data = request.getfixturevalue(name)
    plots = judge(evaluator(data.task.name), data).plots
    assert [plot.title for plot in plots] == titles
    for plot in plots:
        assert sum(len(points) for points in plot.series.values()) <= 510


def test_pictures_stay_small_for_many_rows_and_classes(evaluator: Any) -> None:
    from mlops.core.dataset import Task

    random = np.random.default_rng(0)
    classes = tuple(f"class {at}" for at in range(30))
    y = random.choice(classes, 5000)
    chances = random.dirichlet(np.ones(30), 5000)
    task = Task("classification", "y", classes)
    rule = evaluator("classification")
    given = Predictions(np.array(classes)[chances.argmax(axis=1)], chances)
    roc, pr, matrix = rule.plots(rule.rows(y, given, task), task)
    assert len(roc.series) == 7
    assert sum(len(points) for points in pr.series.values()) <= 500
    assert list(matrix.series)[-1] == "others"
    assert sum(count for row in matrix.series.values() for _, count in row) == 5000


def test_what_weakens_the_numbers_is_said(evaluator: Any, judge: Any, loans: Any) -> None:
    few = loans.rows(np.arange(12))
    assert any("has 12 rows" in each for each in judge(evaluator("classification"), few).warnings)
    folds = ({"roc_auc": 0.99}, {"roc_auc": 0.98}, {"roc_auc": 0.985})
    warned = judge(evaluator("classification"), loans, folds=folds).warnings
    assert any("far worse than in cross-validation" in each for each in warned)
    sure = np.tile([1.0, 0.0], (300, 1))
    labels = np.full(300, "bad", dtype=object)
    warned = judge(evaluator("classification"), loans, Predictions(labels, sure)).warnings
    assert any("badly calibrated" in each for each in warned)
    only_good = loans.rows(np.flatnonzero(loans.y == "good"))
    report = judge(evaluator("classification"), only_good, train=loans)
    assert any("undefined" in each and "roc_auc" in each for each in report.warnings)
    assert not report.passed


def test_nothing_is_said_of_a_healthy_run(evaluator: Any, judge: Any, loans: Any) -> None:
    assert judge(evaluator("classification"), loans).warnings == ()


def test_auto_picks_by_the_task_and_knows_new_ones(evaluator: Any, houses: Any, loans: Any) -> None:
    from mlops.core.errors import MlopsError

    auto = Auto(regression=evaluator("regression"), classification=evaluator("classification"))
    assert auto.for_task(houses.task).primary == "rmse"
    assert auto.for_task(loans.task).primary == "roc_auc"
    with pytest.raises(MlopsError, match="no-evaluator") as caught:
        auto.for_task(dataclasses.replace(houses.task, name="regresion"))
    assert caught.value.problems[0].closest == "regression"


@pytest.mark.parametrize("option", ["regression", "classification"])
def test_the_option_file_lists_the_metrics_there_are(
    evaluator: Any, root: Any, option: str
) -> None:
    import yaml

    keys = yaml.safe_load((root / "conf/evaluator" / f"{option}.yaml").read_text())
    assert tuple(keys["_ranges_"]["primary"]) == evaluator(option).names()
