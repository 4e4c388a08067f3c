"""The road from data to verdict, in the one order there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from mlops.config.job import Job
from mlops.core.dataset import Dataset, Task
from mlops.core.errors import closest, fail, listed
from mlops.core.report import Predictions, Report, rounded
from mlops.core.tuning import Ensemble, Trial, Tuned
from mlops.flow.fitting import Fitter, fit_model, predict
from mlops.flow.front import Front
from mlops.flow.prepare import Prepared, prepare
from mlops.flow.steps import Steps
from mlops.flow.tune import tune

BASELINE = "dummy"


@dataclass(frozen=True)
class Verdict:
    """What was found, judged, and not yet written anywhere.

    Parameters
    ----------
    job : Job
        With the best parameters in place.
    prepared : Prepared
    front : Front
        Fitted on the whole training part.
    model : estimator
        Fitted behind it.
    tuned : Tuned
    report : Report
    """

    job: Job
    prepared: Prepared
    front: Front
    model: Any
    tuned: Tuned
    report: Report

    def pipeline(self) -> Any:
        """The one artefact: every fitted step and the model, as a plain scikit-learn pipeline."""
        return _pipeline(self.front, self.model)

    @property
    def losses(self) -> Any:
        """The loss after each epoch; empty for models that have none."""
        from mlops.model.by_task import loss_curve

        curve = loss_curve(self.model)
        return () if curve is None else curve


def _pipeline(front: Front, model: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([*front.steps(), ("model", model)])


def travel(
    job: Job, steps: Steps, key: str = "", told: Callable[[Trial], None] = lambda trial: None
) -> Verdict:
    """Go the whole road.

    Parameters
    ----------
    job : Job
    steps : Steps
    key : str
        The run's.
    told : callable
        Is told each trial of a search as it ends.

    Raises
    ------
    MlopsError
        Whatever a room refuses.
    """
    prepared = prepare(job, steps)
    dataset = prepared.dataset
    serves(job, dataset.task)
    evaluator = job.part("evaluator").for_task(dataset.task)
    _know_slices(evaluator, dataset)
    fitter = Fitter(prepared, steps)
    steps.screen.step("tuner", "")
    tuned = tune(job, fitter, evaluator, key, told)
    best = job.with_values(tuned.best.params) if tuned.best.params else job
    if tuned.ensemble is None:
        front = fitter.front(best)
        model = _fit(best, dataset.task, front, steps)
    else:
        front, model = _fit_ensemble(job, fitter, tuned.ensemble)
    report = _judge(best, prepared, front, model, tuned, evaluator, steps)
    return Verdict(best, prepared, front, model, tuned, report)


def _fit(job: Job, task: Task, front: Front, steps: Steps) -> Any:
    began = perf_counter()
    steps.screen.step("model", "")
    model = fit_model(job, task, front)
    rows, columns = front.fit_X.shape
    says = f"{job.choices['model']} on {rows:,} rows × {columns} features"
    steps.note("model", "done", says, perf_counter() - began)
    return model


def _fit_ensemble(job: Job, fitter: Fitter, ensemble: Ensemble) -> tuple[Front, Any]:
    from mlops.flow.ensemble import fit_ensemble

    began, steps = perf_counter(), fitter.steps
    steps.screen.step("model", "")
    front, model = fit_ensemble(job, fitter, ensemble)
    named = [each.params.get("model", job.choices["model"]) for each in ensemble.members]
    says = f"{ensemble.says} ({', '.join(named)}) on {len(front.fit_X):,} rows"
    steps.note("model", "done", says, perf_counter() - began)
    return front, model


def _judge(
    job: Job,
    prepared: Prepared,
    front: Front,
    model: Any,
    tuned: Tuned,
    evaluator: Any,
    steps: Steps,
) -> Report:
    began = perf_counter()
    steps.screen.step("evaluator", "")
    task = prepared.dataset.task
    report: Report = evaluator.judge(
        task=task,
        train=prepared.train,
        test=prepared.test,
        predictions=predict(model, front.held_X, task),
        baseline=_trivial(job, task, front),
        folds=tuned.scores,
        seed=job.seed,
        **_asked(job, prepared, front, model, evaluator),
    )
    primary = report.metric(report.primary)
    refused = sum(not gate.passed for gate in report.gates)
    unmet = sum(gate.waived for gate in report.gates)
    says = f"{primary.name} {rounded(primary.value)} on the test part, "
    says += f"{refused or unmet} of {len(report.gates)} " if refused or unmet else ""
    says += "gates refuse" if refused else "gates not met" if unmet else "gates pass"
    steps.note("evaluator", "refused" if refused else "done", says, perf_counter() - began)
    return report


def _asked(
    job: Job, prepared: Prepared, front: Front, model: Any, evaluator: Any
) -> dict[str, Any]:
    """What costs something, and is looked for only where the evaluator's gates need it."""
    asks = evaluator.asks() if hasattr(evaluator, "asks") else ()
    found: dict[str, Any] = {}
    if "rival" in asks:
        from mlops.flow.rival import rival

        found["rival"] = rival(job, prepared)
    if "footprint" in asks:
        from mlops.flow.footprint import footprint

        found["footprint"] = footprint(_pipeline(front, model), prepared.test.X)
    return found


def _trivial(job: Job, task: Task, front: Front) -> Predictions:
    """What the trivial model answers on the test part."""
    part = job.other("model", BASELINE)
    model = part.estimator(task, seed=job.seed).fit(front.fit_X, front.fit_y)
    return predict(model, front.held_X, task)


def serves(job: Job, task: Task) -> None:
    """Refuse options that do not serve the task of the data; a search leaves them out by itself.

    Raises
    ------
    MlopsError
        Naming the first such option and the tasks it serves.
    """
    for group in ("cleaner", "features", "model", "tuner", "evaluator"):
        tasks = job.about(group).get("_tasks_")
        among = job.candidates.get(group)
        fits = not tasks or task.name in tasks if among is None else job.serving(group, task.name)
        if not fits:
            raise fail(
                "task-mismatch",
                f"{group}={job.choices[group]} does not serve this data's task.",
                where=f"{group}={job.choices[group]}",
                found=f"{task.name} of {task.target}",
                accepted=listed(tasks or ["an option that serves it, in tuner.options"]),
                next_step=f"choose another {group}, or state data.task",
            )


def _know_slices(evaluator: Any, dataset: Dataset) -> None:
    names = [column.name for column in dataset.columns]
    for name in evaluator.columns() if hasattr(evaluator, "columns") else ():
        if name not in names:
            nearest = closest(name, names)
            raise fail(
                "unknown-column",
                f"There is no column {name} to slice by.",
                where="evaluator.slices",
                found=name,
                accepted=listed(names, 30),
                closest=nearest,
                next_step=f"write {nearest or 'a column of the data'} in evaluator.slices",
            )
