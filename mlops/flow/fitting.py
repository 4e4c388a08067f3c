"""Fits the road's middle: columns, cleaner and features on one side, then a model behind them.

What precedes the model is fitted on the fitting side only, and kept by content: a second model
behind the same steps spends nothing on them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core import artefact
from mlops.core.dataset import Dataset, Task
from mlops.core.errors import MlopsError, counted, fail
from mlops.core.report import Predictions
from mlops.core.store import key_of
from mlops.flow.heard import QUOTED
from mlops.flow.keys import depends_on
from mlops.flow.prepare import Prepared
from mlops.flow.steps import Steps

TARGET = "__target__"

# A fold by its number; two of them: fitted on what both fit on, held out is what both hold out.
Fold = int | tuple[int, int]


@dataclass(frozen=True)
class Front:
    """The steps before the model, and what they made of both sides.

    Parameters
    ----------
    steps : callable
        Gives the fitted ``(name, estimator)`` pairs. What came from the store is loaded only
        when asked for: scoring needs none of it.
    fit_X, fit_y : DataFrame, Series
        The fitting side, cleaned (rows may be gone) and turned into features.
    held_X : DataFrame
        The held-out side, one row for each row that went in.
    told : dict
        ``touched`` (sentence to count), ``rows_dropped``, ``unused`` (sentences).
    """

    steps: Callable[[], list[tuple[str, Any]]]
    fit_X: Any
    fit_y: Any
    held_X: Any
    told: dict[str, Any]


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
                load=lambda entry: _read(entry, job.allowed),
                save=_write_frames if fold is not None else _with_steps(job.allowed),
                says=_told,
                shown=fold is None and is_told,
            )
            self._fronts[memory] = made
        front = self._fronts[memory] = self._fronts.pop(memory)  # the last used is the last to go
        while len(self._fronts) > 2 * len(self.prepared.split.folds) + 1:
            del self._fronts[next(iter(self._fronts))]
        return front

    def _fit(self, job: Job, fold: Fold | None) -> Front:
        fit, held = self.sides(fold)
        steps, X, y = fit_front(job, fit)
        held_X = through(steps, held.X)
        return Front(lambda: steps, X, y, held_X, _account(steps))

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


def _number(fold: Fold) -> str:
    """As people count: ``3``, or ``1+3`` for what two leave out."""
    return str(fold + 1) if isinstance(fold, int) else "+".join(str(each + 1) for each in fold)


def _both(one: Any, other: Any) -> tuple[Any, Any]:
    """Positions that both folds fit on, and those that the one holds out, then the other."""
    import numpy as np

    return one[0][np.isin(one[0], other[0])], np.concatenate([one[1], other[1]])


def front_parts(job: Job, split_key: str, fold: Fold | None) -> dict[str, Any]:
    """What a front depends on."""
    return {
        **depends_on(job, "cleaner", "features", fold=fold),
        "after splitter": split_key,
    }


def fit_front(job: Job, side: Dataset) -> tuple[list[tuple[str, Any]], Any, Any]:
    """Fit columns, cleaner and features on `side`; rows may be dropped on the way.

    Returns
    -------
    steps : list of (str, estimator)
    X, y : DataFrame, Series
        What is left of `side`, as features.
    """
    from sklearn.base import clone

    from mlops.contract.columns import Columns

    X, y = side.X, side.y
    fitted: list[tuple[str, Any]] = []
    parts = {
        "columns": Columns(),
        "cleaner": clone(job.part("cleaner")),
        "features": clone(job.part("features")),
    }
    for name, part in parts.items():
        with blamed(job, name, side):
            if hasattr(part, "fit_resample"):
                X, y = part.fit_resample(X, y)
            elif hasattr(part, "fit_transform"):  # may see to it that no row knows its own target
                X = part.fit_transform(X, y)
            else:
                X = part.fit(X, y).transform(X)
        fitted.append((name, part))
    return fitted, X, y


@contextmanager
def blamed(job: Job, group: str, side: Dataset | None = None) -> Iterator[None]:
    """Tell which part could not learn; what it says may quote values, sensitive ones are cut.

    Raises
    ------
    MlopsError
        In place of whatever the part raises (exit code 2); errors of the system pass.
    """
    try:
        yield
    except (MlopsError, OSError, MemoryError):
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}".strip().split("\n")[0][:300]
        if side is None or side.sensitive:
            said = QUOTED.sub("…", said)
        raise fail(
            "cannot-learn",
            f"{group}={job.choices.get(group, group)} could not learn from this data.",
            where=f"{group}, fitted on the training part",
            found=said,
            accepted="data that this part can work with",
            next_step=f"look at the data, choose another {group}, or see more with --debug",
        ) from error


def through(steps: list[tuple[str, Any]], X: Any) -> Any:
    """`X` through fitted `steps`; as many rows as went in."""
    for _, step in steps:
        X = step.transform(X)
    return X


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


def _account(steps: list[tuple[str, Any]]) -> dict[str, Any]:
    fitted = dict(steps)
    return {
        "touched": dict(getattr(fitted["cleaner"], "touched_", {})),
        "rows_dropped": int(getattr(fitted["cleaner"], "rows_dropped_", 0)),
        "unused": list(getattr(fitted["features"], "unused_", [])),
    }


def _told(front: Front) -> str:
    dropped = front.told["rows_dropped"]
    cells = sum(front.told["touched"].values()) - dropped
    said = [counted(front.fit_X.shape[1], "feature")]
    said += [f"{counted(cells, 'cell')} cleaned"] if cells > 0 else []
    said += [f"{counted(dropped, 'row')} dropped"] if dropped else []
    return ", ".join(said)


def _with_steps(allowed: tuple[str, ...]) -> Callable[[Front, Path], None]:
    def write(front: Front, folder: Path) -> None:
        from sklearn.pipeline import Pipeline

        artefact.save(Pipeline(front.steps()), folder / "steps.skops", allowed=allowed)
        _write_frames(front, folder)

    return write


def _write_frames(front: Front, folder: Path) -> None:
    front.fit_X.assign(**{TARGET: front.fit_y.to_numpy()}).to_parquet(folder / "fit.parquet")
    front.held_X.to_parquet(folder / "held.parquet")
    (folder / "told.json").write_text(json.dumps(front.told))


def _read(folder: Path, allowed: tuple[str, ...]) -> Front:
    import pandas as pd

    fit = pd.read_parquet(folder / "fit.parquet")
    y = fit.pop(TARGET)
    held = pd.read_parquet(folder / "held.parquet")
    told = json.loads((folder / "told.json").read_text())

    def steps() -> list[tuple[str, Any]]:
        return artefact.load(folder / "steps.skops", allowed=allowed).steps

    return Front(steps, fit, y, held, told)
