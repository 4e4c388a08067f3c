"""What a judged run leaves in its folder, so that it may become a version now or later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlops.core.paths import write_whole
from mlops.core.record import ModelFile
from mlops.core.store import key_of
from mlops.flow.keys import depends_on
from mlops.flow.road import Verdict
from mlops.flow.snapshot import ROWS, write_rows, write_snapshot
from mlops.flow.surroundings import machine

GOLDEN_ROWS = 5
FITTED = ("cleaner", "features", "model", "tuner", "evaluator")


def write_candidate(
    verdict: Verdict,
    folder: Path,
    *,
    files: Iterable[str],
    model: ModelFile,
    tags: dict[str, str],
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
    """
    golden = _write_golden(verdict, folder)
    job, report = verdict.job, verdict.report
    write_rows(verdict.prepared, folder / ROWS)
    about = {
        "run": folder.name.removeprefix(f"{job.name}-"),
        "content": content(verdict),
        "data_fingerprint": verdict.prepared.dataset.fingerprint,
        "snapshot": write_snapshot(verdict.prepared.dataset, job.outputs),
        "recipe": job.choices["recipe"],
        "choices": dict(job.choices),
        "seed": job.seed,
        "passed": report.passed,
        "gates": [f"{gate.name}: {gate.says}" for gate in report.gates if not gate.passed],
        "metrics": {metric.name: metric.value for metric in report.metrics},
        "primary": report.primary,
        "code": tags,
        "machine": machine(),
        "signature": {"inputs": model.inputs, "output": model.output},
        "trusted_types": model.trusted_types,
        "requirements": model.requirements,
        "files": [*files, model.path, ROWS, *golden],
    }
    write_whole(folder / "candidate.json", json.dumps(about, indent=1))


def content(verdict: Verdict) -> str:
    """Key of what the model was made of: configuration, data, sources, seed."""
    job = verdict.job
    fitted = depends_on(job, *FITTED, seed=job.seed)
    return key_of({**fitted, "after splitter": verdict.prepared.key})


def _write_golden(verdict: Verdict, folder: Path) -> tuple[str, str]:
    """A few rows of the test part as the model takes them, and what it answers."""
    rows = verdict.prepared.test.X.head(GOLDEN_ROWS)
    pipeline = verdict.pipeline()
    expected: dict[str, Any] = {"values": pipeline.predict(rows).tolist(), "probabilities": None}
    if hasattr(pipeline, "predict_proba"):
        expected["probabilities"] = pipeline.predict_proba(rows).tolist()
    (folder / "golden").mkdir(exist_ok=True)
    rows.to_parquet(folder / "golden" / "rows.parquet")
    write_whole(folder / "golden" / "expected.json", json.dumps(expected))
    return "golden/rows.parquet", "golden/expected.json"
