"""Reads a fitted model into one of the lowered ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops.serving.lowered.chances import Calibrated, Isotonic, Sigmoid, Threshold
from mlops.serving.lowered.constant import Constant
from mlops.serving.lowered.from_trees import boosted, forest
from mlops.serving.lowered.linear import LinearBinary, LinearClasses, LinearNumber, Weights
from mlops.serving.lowered.unknown import NotLowered, name_of


def model(fitted: Any, *, has_gaps: bool) -> Any:
    """The lowered model that answers as `fitted` does.

    Parameters
    ----------
    fitted : fitted estimator
    has_gaps : bool
        Whether a feature may be missing.

    Raises
    ------
    NotLowered
        The model, or a setting of it, is not known here.
    """
    read = MODELS.get(name_of(fitted))
    if read is None:
        raise NotLowered(fitted)
    return read(fitted, has_gaps)


def _weights(coefficients: Any, intercept: Any) -> Weights:
    return Weights([float(each) for each in coefficients], float(intercept))


def _linear_number(fitted: Any, has_gaps: bool) -> Any:
    if fitted.coef_.ndim != 1:
        raise NotLowered(fitted, "several targets")
    intercept = fitted.intercept_
    return LinearNumber(_weights(fitted.coef_, getattr(intercept, "flat", [intercept])[0]))


def _inner(fitted: Any, has_gaps: bool) -> Any:
    """Ours hold the fitted scikit-learn model."""
    return _linear_number(fitted.model_, has_gaps)


def _logistic(fitted: Any, has_gaps: bool) -> Any:
    return _linear_classes(fitted, decides=True, is_softmax=True)


def _descended(fitted: Any, has_gaps: bool) -> Any:
    return _linear_classes(fitted.model_, decides=False, is_softmax=False)


def _linear_classes(fitted: Any, *, decides: bool, is_softmax: bool) -> Any:
    sums = [_weights(*each) for each in zip(fitted.coef_, fitted.intercept_, strict=True)]
    if len(sums) == 1:
        return LinearBinary(sums[0], decides)
    return LinearClasses(sums, is_softmax, decides)


def _dummy_number(fitted: Any, has_gaps: bool) -> Any:
    return Constant(number=float(fitted.constant_.ravel()[0]))


def _dummy_class(fitted: Any, has_gaps: bool) -> Any:
    if fitted.strategy not in ("prior", "most_frequent"):
        raise NotLowered(fitted, "answers by chance")
    rank = int(fitted.class_prior_.argmax())
    chances = [float(each) for each in fitted.class_prior_]
    if fitted.strategy == "most_frequent":
        chances = [float(each == rank) for each in range(len(chances))]
    return Constant(rank=rank, chances=tuple(chances))


def _calibrated(fitted: Any, has_gaps: bool) -> Any:
    members = []
    for each in fitted.calibrated_classifiers_:
        if each.estimator.classes_.tolist() != fitted.classes_.tolist():
            raise NotLowered(fitted, "a fold without one of the classes")
        inner = model(each.estimator, has_gaps=has_gaps)
        if not hasattr(inner, "responses"):
            raise NotLowered(each.estimator, "calibrated")
        members.append((inner, [_calibrator(one) for one in each.calibrators]))
    return Calibrated(members)


def _calibrator(fitted: Any) -> Any:
    name = type(fitted).__name__
    if name == "_SigmoidCalibration":
        return Sigmoid(float(fitted.a_), float(fitted.b_))
    is_clipped = name == "IsotonicRegression" and fitted.out_of_bounds == "clip"
    if is_clipped and fitted.X_thresholds_.dtype == "float64":
        return Isotonic(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist())
    raise NotLowered(fitted)


def _fixed(fitted: Any, has_gaps: bool) -> Any:
    threshold = 0.5 if fitted.threshold == "auto" else float(fitted.threshold)
    return _thresholded(fitted, threshold, fitted.pos_label, has_gaps)


def _tuned(fitted: Any, has_gaps: bool) -> Any:
    positive = fitted._curve_scorer._get_pos_label()
    return _thresholded(fitted, float(fitted.best_threshold_), positive, has_gaps)


def _thresholded(fitted: Any, threshold: float, positive: Any, has_gaps: bool) -> Any:
    inner = fitted.estimator_
    if fitted.response_method == "decision_function" or not hasattr(inner, "predict_proba"):
        raise NotLowered(fitted, "a threshold that is no probability")
    classes = fitted.classes_.tolist()
    rank = 1 if positive is None else classes.index(positive)
    return Threshold(model(inner, has_gaps=has_gaps), threshold, rank)


MODELS: dict[str, Callable[[Any, bool], Any]] = {
    "mlops.model.sgd_classifier.SgdClassifier": _descended,
    "mlops.model.sgd_regressor.SgdRegressor": _inner,
    "mlops.model.tuned_threshold.TunedThreshold": _tuned,
    "sklearn.calibration.CalibratedClassifierCV": _calibrated,
    "sklearn.dummy.DummyClassifier": _dummy_class,
    "sklearn.dummy.DummyRegressor": _dummy_number,
    "sklearn.linear_model._base.LinearRegression": _linear_number,
    "sklearn.linear_model._coordinate_descent.ElasticNet": _linear_number,
    "sklearn.linear_model._coordinate_descent.Lasso": _linear_number,
    "sklearn.linear_model._huber.HuberRegressor": _linear_number,
    "sklearn.linear_model._logistic.LogisticRegression": _logistic,
    "sklearn.linear_model._ridge.Ridge": _linear_number,
    "sklearn.model_selection._classification_threshold.FixedThresholdClassifier": _fixed,
    "sklearn.model_selection._classification_threshold.TunedThresholdClassifierCV": _tuned,
    **boosted,
    **forest,
}
