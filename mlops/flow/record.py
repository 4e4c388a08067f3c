"""From what a run found to what the tracking server is told."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from typing import Any

from mlops.config.job import Job
from mlops.core.dataset import Dataset
from mlops.core.record import ModelFile, Record
from mlops.core.report import Report
from mlops.core.secret import masked
from mlops.core.tuning import COMPLETE, PRUNED, Ensemble, Trial, Tuned
from mlops.flow.keys import flat
from mlops.flow.run_folder import RunFolder

# mlops itself is not named: whoever rebuilds this environment from an index must not be sent
# to whatever package may carry that name there.
REQUIREMENTS = ("scikit-learn", "skops", "pandas", "numpy", "pyarrow")
EXAMPLE_ROWS = 3
# What no result depends on.
BESIDE = ("recipe", "flow", "ui", "tracker", "compute", "serving")


@dataclass(frozen=True)
class Outline:
    """What is known of a run from its start: the fields that every record of it shares."""

    job: Job
    folder: RunFolder
    start_ms: int
    parent_key: str = ""
    repeats: str = ""

    def record(self, status: str, end_ms: int, **more: Any) -> Record:
        """A record with these fields filled in."""
        tags = {
            "mlops.recipe": self.job.choices["recipe"],
            "mlops.mode": self.job.choices["mode"],
            "mlops.overrides": " ".join(map(masked, self.job.words)),
            **({"mlops.rerun_of": self.repeats} if self.repeats else {}),
            **more.pop("tags", {}),
        }
        return Record(
            key=self.folder.key,
            experiment=self.job.name,
            run_name=self.run_name,
            status=status,
            start_ms=self.start_ms,
            end_ms=end_ms,
            parent_key=self.parent_key,
            params=params(self.job),
            tags=tags,
            folder=str(self.folder.path),
            **more,
        )

    def trial(self, trial: Trial, end_ms: int) -> Record:
        """The child run of one trial; a pruned one was killed, says its status."""
        names = trial.scores[0] if trial.scores else {}
        folds = [
            (f"{name}_fold", fold[name], step)
            for step, fold in enumerate(trial.scores)
            for name in names
        ]
        is_whole = trial.state == COMPLETE  # the mean of some folds is not to be compared
        means = [(f"{name}_cv", trial.mean(name), 0) for name in names if is_whole]
        return Record(
            key=trial.key or f"{self.folder.key}-{trial.number}",
            experiment=self.job.name,
            run_name=f"trial {trial.number}",
            status={COMPLETE: "FINISHED", PRUNED: "KILLED"}.get(trial.state, "FAILED"),
            start_ms=end_ms - int(1000 * trial.seconds),
            end_ms=end_ms,
            parent_key=self.folder.key,
            params={key: str(value) for key, value in trial.params.items()},
            metrics=_finite([*means, *folds, ("seconds", trial.seconds, 0)]),
            tags={
                "mlops.trial": str(trial.number),
                "mlops.state": trial.state,
                "mlops.reason": trial.says,
            },
        )

    @property
    def parents(self) -> dict[str, str]:
        """Keys of the runs that this one comes from."""
        known = {"sweep": self.parent_key, "rerun_of": self.repeats}
        return {name: key for name, key in known.items() if key}

    @property
    def run_name(self) -> str:
        """What a person sees in a list of runs."""
        return f"{self.job.choices['model']} {self.folder.key}"


def params(job: Job) -> dict[str, str]:
    """Choices and values of the road, flat; where results go and how they look is no parameter."""
    rooms = [room for room in job.choices if room not in BESIDE]
    chosen = {room: job.choices[room] for room in rooms}
    values = {
        key: "null" if value is None else masked(str(value))
        for room in rooms
        for key, value in flat(job.values[room], room).items()
        if not key.endswith(("_target_", "_partial_"))
    }
    return {**chosen, **values, "seed": str(job.seed)}


def searched(tuned: Tuned) -> dict[str, Any]:
    """What a result tells of a search beyond its best trial."""
    found: dict[str, Any] = {"study": tuned.study}
    found |= {"leaderboard": [*tuned.leaderboard], "front": [*tuned.front]}
    found |= {"ensemble": told_of(tuned.ensemble)} if tuned.ensemble else {}
    return {key: value for key, value in found.items() if value}


def told_of(ensemble: Ensemble) -> dict[str, Any]:
    """What a model was joined from, as plain data: how, and each member's parameters."""
    members = [{"trial": each.number, "params": each.params} for each in ensemble.members]
    told = {"how": ensemble.how, "members": members, "threshold": ensemble.threshold}
    return {"says": ensemble.says, **told}


def metrics(
    report: Report, folds: tuple[dict[str, float], ...], losses: Any
) -> tuple[tuple[str, float, int], ...]:
    """Every number of `report` with its interval and baseline, each fold, the loss curve."""
    found: list[tuple[str, float | None, int]] = []
    for metric in report.metrics:
        found += [
            (metric.name, metric.value, 0),
            (f"{metric.name}_low", metric.low, 0),
            (f"{metric.name}_high", metric.high, 0),
            (f"{metric.name}_baseline", metric.baseline, 0),
            (f"{metric.name}_cv", metric.cv_mean, 0),
            (f"{metric.name}_cv_std", metric.cv_std, 0),
        ]
    primary = report.primary
    found += [(f"{primary}_fold", fold[primary], step) for step, fold in enumerate(folds)]
    found += [("loss", float(value), step) for step, value in enumerate(losses)]
    return _finite(found)


def _finite(
    found: Iterable[tuple[str, float | None, int]],
) -> tuple[tuple[str, float, int], ...]:
    """What a tracking store takes: numbers, neither absent nor NaN nor infinite."""
    known = [(name, float(value), step) for name, value, step in found if value is not None]
    return tuple(each for each in known if math.isfinite(each[1]))


def lineage(dataset: Dataset) -> dict[str, Any]:
    """The data set as MLflow's lineage knows it."""
    kinds = dataset.frame.dtypes.astype(str)
    return {
        "name": dataset.source.rpartition("/")[2] or "data",
        "digest": dataset.fingerprint,
        "source": dataset.source,
        "rows": len(dataset.frame),
        "columns": [[str(name), kind] for name, kind in kinds.items()],
    }


def model_file(
    path: str, trusted: tuple[str, ...], train: Dataset, *, own: Iterable[str] = ()
) -> ModelFile:
    """The fitted pipeline with the signature of its inputs and an example of them.

    Types of the patterns `own` are the project's: what it is called in an index is not known.
    """
    from mlops.contract.signature import inputs

    return ModelFile(
        path=path,
        trusted_types=trusted,
        inputs=inputs(train),
        output="double" if not train.task.classes else "string",
        example=_example(train),
        requirements=tuple(f"{name}=={version(name)}" for name in libraries(trusted, own)),
    )


def libraries(trusted: Iterable[str], own: Iterable[str] = ()) -> tuple[str, ...]:
    """The distributions that a model of these types needs.

    >>> libraries(["builtins.slice", "imblearn.pipeline.Pipeline", "shop.Cap"], own=["shop.*"])[5:]
    ('imbalanced-learn',)
    """
    known = {"mlops", "sklearn", *REQUIREMENTS, *sys.stdlib_module_names, *map(_top, own)}
    others = {_top(each) for each in trusted} - known
    found = packages_distributions() if others else {}  # reads a file of each distribution
    more = {name for other in others for name in found.get(other, ())}
    return (*REQUIREMENTS, *sorted(more))


def _top(name: str) -> str:
    return name.partition(".")[0]


def _example(train: Dataset) -> tuple[dict[str, Any], ...]:
    """A few rows as records, without the sensitive columns."""
    rows = train.X.head(EXAMPLE_ROWS).drop(columns=train.sensitive, errors="ignore")
    return tuple(json.loads(rows.to_json(orient="records", date_format="iso")))
