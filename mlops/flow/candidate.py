"""What a judged run leaves in its folder, so that it may become a version now or later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.paths import write_whole
from mlops.core.record import ModelFile
from mlops.core.secret import masked_in
from mlops.core.snapshot import write_snapshot
from mlops.core.store import digest, key_of
from mlops.flow.keys import depends_on
from mlops.flow.record import told_of
from mlops.flow.road import Verdict
from mlops.flow.snapshot import ROWS, write_rows
from mlops.flow.surroundings import machine
from mlops.registry.opened import GOLDEN_ANSWERS, GOLDEN_ROWS
from mlops.registry.shelf import CANDIDATE

MOST_GOLDEN = 5
CHANGES = ("result.json",)  # written again when the record was delivered
FITTED = ("cleaner", "features", "model", "tuner", "evaluator")


def write_candidate(
    verdict: Verdict,
    folder: Path,
    *,
    files: Iterable[str],
    model: ModelFile,
    tags: dict[str, str],
    parents: dict[str, str],
) -> None:
    """Write golden rows and the candidate's own description.

    Parameters
    ----------
    verdict : Verdict
    folder : pathlib.Path
        Of the run.
    files : iterable of str
        What lies in it already and belongs to a version.
    model : ModelFile
        The pipeline with its signature.
    tags : dict of str to str
        The state of the code.
    parents : dict of str to str
        ``sweep`` and ``rerun_of``: keys of the runs that this one comes from, if it does.
    """
    golden = _write_golden(verdict, folder)
    job, report = verdict.job, verdict.report
    write_rows(verdict.prepared, folder / ROWS)
    snapshot = write_snapshot(verdict.prepared.dataset, job.outputs)
    written = [*files, model.path, ROWS, *golden]
    about = {
        "run": folder.name.removeprefix(f"{job.name}-"),
        "content": content(verdict, snapshot),
        "data_fingerprint": verdict.prepared.dataset.fingerprint,
        "snapshot": snapshot,
        "source": verdict.prepared.dataset.source,
        "source_key": verdict.prepared.source_key,
        "rows": verdict.prepared.dataset.frame.shape[0],
        "columns": verdict.prepared.dataset.frame.shape[1],
        "contract": _contract(folder),
        "name": job.name,
        "recipe": job.choices["recipe"],
        "choices": job.choices,
        "space": job.space,
        "candidates": masked_in(job.candidates),
        **({"ensemble": told_of(verdict.tuned.ensemble)} if verdict.tuned.ensemble else {}),
        **parents,
        "changed": changed(job),
        "seed": job.seed,
        "passed": report.passed,
        "gates": [f"{gate.name}: {gate.says}" for gate in report.gates if not gate.passed],
        "metrics": {metric.name: metric.value for metric in report.metrics},
        "primary": report.primary,
        "task": {"name": report.task, "target": verdict.prepared.dataset.task.target},
        "code": tags,
        "machine": machine(),
        "signature": {"inputs": model.inputs, "output": model.output},
        "trusted_types": model.trusted_types,
        "requirements": model.requirements,
        "files": written,
        "hashes": {name: digest(folder / name) for name in written if name not in CHANGES},
    }
    write_whole(folder / CANDIDATE, json.dumps(about, indent=1))


def changed(job: Job) -> dict[str, str]:
    """When the files of the data and of the recipe were last written: UTC, ISO 8601.

    What has no file of the user's own (bundled data, a database, our recipes) is left out.
    """
    recipe = job.composed.catalogue.file("recipes", job.choices["recipe"])
    if recipe is not None and not recipe.is_relative_to(job.project):
        recipe = None
    files = {
        "data": Path(str(job.values["data"].get("path") or "")).expanduser(),
        "recipe": recipe,
    }
    found = {}
    for what, file in files.items():
        with suppress(OSError):
            if file is not None and file.is_file():
                written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                found[what] = written.isoformat(timespec="seconds").replace("+00:00", "Z")
    return found


def content(verdict: Verdict, snapshot: str) -> str:
    """Key of what the model was made of: configuration, sources, seed, and the rows themselves.

    From where the rows were read does not matter.
    """
    job, ensemble = verdict.job, verdict.tuned.ensemble
    parts = {**depends_on(job, "splitter", *FITTED, seed=job.seed), "rows": snapshot}
    return key_of({**parts, "ensemble": told_of(ensemble)} if ensemble else parts)


def _contract(folder: Path) -> str:
    """Hash of the contract that the rows keep; empty where there is none."""
    file = folder / "contract.yaml"
    return digest(file) if file.is_file() else ""


def _write_golden(verdict: Verdict, folder: Path) -> tuple[str, str]:
    """A few rows of the test part as the model takes them, and what it answers."""
    rows = verdict.prepared.test.X.head(MOST_GOLDEN)
    pipeline = verdict.pipeline()
    expected: dict[str, Any] = {"values": pipeline.predict(rows).tolist(), "probabilities": None}
    if hasattr(pipeline, "predict_proba"):
        expected["probabilities"] = pipeline.predict_proba(rows).tolist()
    write_whole(folder / GOLDEN_ANSWERS, json.dumps(expected))
    rows.to_parquet(folder / GOLDEN_ROWS)
    return GOLDEN_ROWS, GOLDEN_ANSWERS
