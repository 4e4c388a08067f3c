"""Writes what a verdict leaves behind into the run's folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from mlops.core import artefact
from mlops.core.paths import write_whole
from mlops.core.record import ModelFile
from mlops.core.secret import masked
from mlops.flow.prepare import contract_folders, contract_name
from mlops.flow.record import model_file
from mlops.flow.road import Verdict
from mlops.flow.surroundings import packages
from mlops.registry.shelf import MODEL


def write_artifacts(verdict: Verdict, folder: Path, page: str, diff: str) -> tuple[str, ...]:
    """Write everything but the model; names relative to `folder`.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    texts = {
        "config.yaml": masked(verdict.job.text),
        "overrides.yaml": masked(yaml.safe_dump(list(verdict.job.words), width=1000)),
        "report.html": page,
        "requirements.txt": packages(),
        "trials.json": json.dumps([asdict(trial) for trial in verdict.tuned.trials], default=str),
        "uncommitted.diff": diff,
    }
    written = [name for name, text in texts.items() if text]
    for name in written:
        write_whole(folder / name, texts[name])
    learned, accepted = contract_folders(verdict.job)
    for place in (accepted, learned):
        contract = place / f"{contract_name(verdict.job)}.yaml"
        if contract.is_file() and "contract.yaml" not in written:
            shutil.copyfile(contract, folder / "contract.yaml")
            written.append("contract.yaml")
    written += _write_plots(verdict, folder)
    if len(verdict.prepared.enforced.quarantined):
        _without_sensitive(verdict).to_parquet(folder / "quarantine.parquet")
        written.append("quarantine.parquet")
    return tuple(written)


def _write_plots(verdict: Verdict, folder: Path) -> list[str]:
    """Each picture of the report as a file of its own."""
    from mlops.ui.plot import svg

    names = []
    for plot in verdict.report.plots:
        name = f"plots/{''.join(c if c.isalnum() else '_' for c in plot.title.lower())}.svg"
        write_whole(folder / name, svg(plot))
        names.append(name)
    return names


def write_model(verdict: Verdict, folder: Path) -> ModelFile:
    """Write the fitted pipeline.

    Raises
    ------
    MlopsError
        It holds a type that is on no list of ours.
    """
    path = folder / MODEL
    path.parent.mkdir(parents=True, exist_ok=True)
    trusted = artefact.save(verdict.pipeline(), path, allowed=verdict.job.allowed)
    return model_file(MODEL, trusted, verdict.prepared.train, own=verdict.job.allowed)


def _without_sensitive(verdict: Verdict) -> Any:
    enforced = verdict.prepared.enforced
    left_out = [name for name in enforced.dataset.sensitive if name in enforced.quarantined]
    return enforced.quarantined.drop(columns=left_out)
