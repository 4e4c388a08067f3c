"""One model option for every task: the regressor, or the classifier, that it names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from mlops.core.dataset import Task
from mlops.core.errors import MlopsError, closest, fail, listed, one_of

# What a fitted pipeline holds because of this class: types beyond the loader's general list.
TRUSTED = (
    "mlops.model.mean_cost.mean_cost",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)


class ByTask:
    """Builds the estimator for the task that the data states.

    Parameters
    ----------
    regression, classification : callable or None
        Make the estimator (a class, or a partial of one, whose own keys win); None where the
        option does not serve that task.
    calibration : {None, "sigmoid", "isotonic"}
        Make a classifier's probabilities honest on held-out folds.
    threshold : {"auto", "tuned", "bayes"} or float in (0, 1)
        From which probability on a binary classifier says the positive class. ``tuned``: where
        the mean cost on held-out folds is least; ``bayes``: where honest probabilities make both
        answers equally dear, cost(negative) / (cost(positive) + cost(negative)), 0.5 without
        costs; ``auto``: tuned if the data states costs, else 0.5. With 0.5, and for more than two
        classes, the most probable class is said.
    class_weight : {"auto", "none", "balanced"}
        ``auto``: the costs, if the data states any and the threshold does not count them already,
        as ``bayes`` does where nothing makes the probabilities honest again. A classifier that
        takes no weights gets none.
    folds : int, >= 2
        Folds of the training part for calibration and for the tuned threshold.
    **params
        Go to the regressor and to the classifier alike.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression, LogisticRegression
    >>> model = ByTask(regression=LinearRegression, classification=LogisticRegression,
    ...     fit_intercept=False)
    >>> model.estimator(Task("regression", "price"), seed=0)
    LinearRegression(fit_intercept=False)
    """

    def __init__(
        self,
        *,
        regression: Callable[..., Any] | None = None,
        classification: Callable[..., Any] | None = None,
        calibration: str | None = None,
        threshold: str | float = "auto",
        class_weight: str = "auto",
        folds: int = 5,
        **params: Any,
    ) -> None:
        one_of("model.calibration", calibration, (None, "sigmoid", "isotonic"))
        one_of("model.class_weight", class_weight, ("auto", "none", "balanced"))
        if isinstance(threshold, str) or not 0 < threshold < 1:
            one_of(
                "model.threshold", threshold, ("auto", "tuned", "bayes", "a number between 0 and 1")
            )
        self.makers = {"regression": regression, "classification": classification}
        self.calibration = calibration
        self.threshold = threshold
        self.class_weight = class_weight
        self.folds = folds
        self.params = params

    def estimator(self, task: Task, *, seed: int) -> Any:
        """Give an unfitted scikit-learn estimator for `task`.

        Raises
        ------
        MlopsError
            The option does not serve this task, a key is not the estimator's, or calibration or
            a threshold is asked for where there is none.
        """
        make = self.makers.get(task.name)
        if make is None:
            served = [name for name, each in self.makers.items() if each is not None]
            raise _refused("task-not-served", "model", task.name, served, "choose another model")
        if task.name != "classification":
            self._refuse_class_settings(task)
            return self._made(make, seed)
        return self._classifier(make, task, seed)

    def _classifier(self, make: Callable[..., Any], task: Task, seed: int) -> Any:
        from sklearn.calibration import CalibratedClassifierCV

        model = self._made(make, seed, class_weight=self._weights(task))
        if self.calibration:
            model = CalibratedClassifierCV(model, method=self.calibration, cv=self.folds)
        return self._thresholded(model, task, seed)

    def _made(self, make: Callable[..., Any], seed: int, **offered: Any) -> Any:
        """Call `make` with our parameters, and with the seed and weights if it takes them."""
        takes = inspect.signature(make).parameters
        takes_any = any(each.kind is each.VAR_KEYWORD for each in takes.values())
        for key in self.params:
            if key not in takes and not takes_any:
                raise _refused("unknown-key", f"model.{key}", key, takes, f"remove model.{key}")
        offered = {key: each for key, each in offered.items() if each is not None and key in takes}
        if "random_state" in takes:
            offered["random_state"] = seed
        own = getattr(make, "keywords", {})
        given = {**offered, **self.params}
        return make(**{key: each for key, each in given.items() if key not in own})

    def _weights(self, task: Task) -> Any:
        # The threshold counts the costs already; weights would count them in its probabilities too.
        counted = self.threshold == "bayes" and len(task.classes) == 2 and not self.calibration
        if self.class_weight == "auto" and task.costs and not counted:
            return {label: float(task.costs.get(label, 1.0)) for label in task.classes}
        return "balanced" if self.class_weight == "balanced" else None

    def _thresholded(self, model: Any, task: Task, seed: int) -> Any:
        from sklearn.metrics import make_scorer
        from sklearn.model_selection import FixedThresholdClassifier

        from mlops.model.mean_cost import mean_cost
        from mlops.model.tuned_threshold import TunedThreshold

        binary = len(task.classes) == 2
        wanted = self.threshold
        positive = task.classes[-1] if task.positive is None else task.positive
        if wanted == "auto":
            wanted = "tuned" if task.costs and binary else 0.5
        if wanted == "bayes":
            wanted = _bayes(task, positive) if task.costs and binary else 0.5
        if wanted == 0.5:
            return model
        if not binary:
            found = f"{len(task.classes)} classes"
            says = "write model.threshold=auto"
            raise _refused("threshold-needs-two-classes", "model.threshold", found, [2], says)
        if wanted == "tuned":
            scorer = make_scorer(mean_cost, greater_is_better=False, costs=dict(task.costs))
            return TunedThreshold(model, scoring=scorer, cv=self.folds, random_state=seed)
        return FixedThresholdClassifier(model, threshold=float(wanted), pos_label=positive)

    def _refuse_class_settings(self, task: Task) -> None:
        asked = {
            "calibration": self.calibration is not None,
            "threshold": self.threshold not in ("auto", "bayes", 0.5),
            "class_weight": self.class_weight == "balanced",
        }
        for key in (key for key, is_asked in asked.items() if is_asked):
            found = f"{key}={getattr(self, key)} and a {task.name} target"
            says = f"remove model.{key}, or choose data with a class target"
            raise _refused("needs-class-target", f"model.{key}", found, ["a class target"], says)


def _bayes(task: Task, positive: Any) -> float:
    """The probability of `positive` at which both answers cost the same."""
    miss = sum(task.costs.get(label, 1.0) for label in task.classes if label == positive)
    alarm = sum(task.costs.get(label, 1.0) for label in task.classes if label != positive)
    return alarm / (miss + alarm) if miss + alarm > 0 else 0.5


def _refused(
    code: str, where: str, found: str, accepted: Iterable[object], next_step: str
) -> MlopsError:
    return fail(
        code,
        "The model cannot be built like this.",
        where=where,
        found=found,
        accepted=listed(accepted),
        closest=closest(found, accepted),
        next_step=next_step,
    )


def loss_curve(model: Any) -> Any:
    """Give the loss after each epoch, shape (n_epochs,), of a fitted model; None without one.

    Looks inside the wrappers that calibrate and that set a threshold.
    """
    while model is not None:
        if hasattr(model, "loss_curve_"):
            return model.loss_curve_
        inside = getattr(model, "calibrated_classifiers_", None)
        model = inside[0].estimator if inside else getattr(model, "estimator_", None)
    return None
