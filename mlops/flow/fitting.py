"""Fits the road's middle: columns, cleaner and features on one side, then a model behind them.

What precedes the model is fitted on the fitting side only, and kept by content: a second model
behind the same steps spends nothing on them.
"""

from __future__ import annotations

from typing import Any

from mlops.config.job import Job
from mlops.core.dataset import Dataset, Task
from mlops.core.errors import counted, fail
from mlops.core.report import Predictions
from mlops.core.store import key_of
from mlops.flow.front import (
    Fold,
    Front,
    account,
    blamed,
    fit_front,
    front_parts,
    read,
    through,
    told,
    with_steps,
    write_frames,
)
from mlops.flow.prepare import Prepared
from mlops.flow.steps import Steps

MOST_BYTES = 300_000_000  # of fronts in the memory of one process; the others wait on the disk


class Fitter:
    """Fits fronts and models of one prepared data set.

    Parameters
    ----------
    prepared : Prepared
    steps : Steps
    """

    def __init__(self, prepared: Prepared, steps: Steps) -> None:
        self.prepared, self.steps = prepared, steps
        self._fronts: dict[str, Front] = {}
        self._held: dict[int, Any] = {}

    def front(self, job: Job, fold: Fold | None = None, *, is_told: bool = True) -> Front:
        """The fitted front of `job`: for the whole training part, or for one fold inside it."""
        parts = front_parts(job, self.prepared.key, fold)
        memory = key_of(parts)
        if memory not in self._fronts:
            name = "features" if fold is None else f"fold {_number(fold)}"
            made, _ = self.steps.kept(
                name,
                lambda: parts,
                make=lambda: self._fit(job, fold),
                load=lambda entry: read(entry, job.allowed),
                save=write_frames if fold is not None else with_steps(job.allowed),
                says=told,
                shown=fold is None and is_told,
            )
            self._fronts[memory] = made
            self._make_room()
        front = self._fronts[memory] = self._fronts.pop(memory)  # the last used is the last to go
        return front

    def _make_room(self) -> None:
        """Let those go that were used longest ago; one for each fold stays, whatever they take."""
        least = len(self.prepared.split.folds) + 1
        while (
            len(self._fronts) > least and sum(e.bytes for e in self._fronts.values()) > MOST_BYTES
        ):
            del self._fronts[next(iter(self._fronts))]

    def _fit(self, job: Job, fold: Fold | None) -> Front:
        fit, held = self.sides(fold)
        steps, X, y = fit_front(job, fit)
        held_X = through(steps, held.X)
        return Front(lambda: steps, X, y, held_X, account(steps))

    def sides(self, fold: Fold | None) -> tuple[Dataset, Dataset]:
        """Fitting side and held-out side: train and test, or the two sides of a fold in train."""
        if fold is None:
            return self.prepared.train, self.prepared.test
        folds, train = self.prepared.split.folds, self.prepared.split.train
        fit, held = folds[fold] if isinstance(fold, int) else _both(*(folds[at] for at in fold))
        return self.prepared.dataset.rows(train[fit]), self.prepared.dataset.rows(train[held])

    def fold_scores(self, job: Job, evaluator: Any) -> tuple[dict[str, float], ...]:
        """Scores of `job` on each fold inside the training part; the test part is not seen."""
        count, scores = len(self.prepared.split.folds), []
        for fold in range(count):
            scores.append(self.fold_score(job, evaluator, fold))
            self.steps.screen.progress(fold + 1, count, "folds")
        return tuple(scores)

    def fold_score(self, job: Job, evaluator: Any, fold: int) -> dict[str, float]:
        """Scores of `job` on one fold: fitted on its one side, judged on the other."""
        answers, task = self.answers(job, fold), self.prepared.dataset.task
        scores: dict[str, float] = evaluator.scores(self.held_y(fold), answers, task)
        return scores

    def answers(self, job: Job, fold: Fold) -> Predictions:
        """What `job`, fitted on the one side of a fold, answers for the rows of the other."""
        task, front = self.prepared.dataset.task, self.front(job, fold)
        return predict(fit_model(job, task, front), front.held_X, task)

    def held_y(self, fold: int) -> Any:
        """The target of the rows held out in `fold`."""
        if fold not in self._held:
            self._held[fold] = self.sides(fold)[1].y
        return self._held[fold]


def fit_model(job: Job, task: Task, front: Front) -> Any:
    """Fit the model of `job` behind `front`."""
    from sklearn.base import clone

    part = job.part("model")
    make = getattr(part, "estimator", None)
    model = make(task, seed=job.seed) if callable(make) else clone(part)
    with blamed(job, "model"):
        return model.fit(front.fit_X, front.fit_y)


def predict(model: Any, X: Any, task: Task) -> Predictions:
    """What a fitted model or pipeline answers; probabilities in the order of the task's classes.

    Raises
    ------
    MlopsError
        There is not one usable answer for each row (exit code 2).
    """
    import numpy as np

    values = np.asarray(model.predict(X))
    if wrong := _unusable(values, len(X)):
        raise fail(
            "answers-unusable",
            f"{type(model).__name__} does not answer as a model should.",
            where="model, asked for rows it was not fitted on",
            found=wrong,
            accepted="one known value for each row, in the order of the rows",
            next_step="correct its predict, or choose another model",
        )
    if not task.classes or not hasattr(model, "predict_proba"):
        return Predictions(values)
    given = np.asarray(model.predict_proba(X))
    probabilities = np.zeros((len(given), len(task.classes)))
    at = {label: position for position, label in enumerate(task.classes)}
    for position, label in enumerate(model.classes_):
        probabilities[:, at[label]] = given[:, position]
    return Predictions(values, probabilities)


def _unusable(values: Any, rows: int) -> str:
    """What is wrong with answers for so many rows; empty if nothing is."""
    import numpy as np

    if values.shape != (rows,):
        return f"{' × '.join(map(str, values.shape)) or 'one answer'}, for {counted(rows, 'row')}"
    unknown = np.count_nonzero(~np.isfinite(values)) if values.dtype.kind == "f" else 0
    return f"{unknown:,} of {rows:,} are no number" if unknown else ""


def _number(fold: Fold) -> str:
    """As people count: ``3``, or ``1+3`` for what two leave out."""
    return str(fold + 1) if isinstance(fold, int) else "+".join(str(each + 1) for each in fold)


def _both(one: Any, other: Any) -> tuple[Any, Any]:
    """Positions that both folds fit on, and those that the one holds out, then the other."""
    import numpy as np

    return one[0][np.isin(one[0], other[0])], np.concatenate([one[1], other[1]])
