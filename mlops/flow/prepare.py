"""From the outside world to a split: data, contract, splitter, in this order and no other."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.dataset import Dataset, Enforced, Split
from mlops.core.snapshot import read_dataset, write_dataset
from mlops.core.store import digest, key_of
from mlops.flow.keys import depends_on
from mlops.flow.steps import Steps


@dataclass(frozen=True)
class Prepared:
    """Rows that keep their contract, and which side each stands on.

    Parameters
    ----------
    enforced : Enforced
    dataset : Dataset
        The rows in use (a mode may use fewer).
    split : Split
    key : str
        Key of the split: what everything later depends on.
    source_key : str
        What the source had for content: the same file, the same key.
    """

    enforced: Enforced
    dataset: Dataset
    split: Split
    key: str
    source_key: str = ""

    @property
    def train(self) -> Dataset:
        """The training part."""
        return self.dataset.rows(self.split.train)

    @property
    def test(self) -> Dataset:
        """The part nothing is fitted on."""
        return self.dataset.rows(self.split.test)


def contract_name(job: Job) -> str:
    """File stem of this job's contract: the data option and a hash of its node."""
    return f"{job.choices['data']}-{key_of(job.values['data'])[:8]}"


def contract_folders(job: Job) -> tuple[Path, Path]:
    """Where contracts are learned, and where the project keeps those it accepted."""
    return job.outputs / "contracts", job.project / "contracts"


def data_parts(job: Job) -> dict[str, Any]:
    """What the data step depends on; raises what the source raises."""
    return depends_on(job, "data", content=job.part("data").source_key())


def contract_parts(job: Job, data_key: str) -> dict[str, Any]:
    """What the contract step depends on: the file in force too."""
    learned, accepted = (each / f"{contract_name(job)}.yaml" for each in contract_folders(job))
    in_force = accepted if accepted.is_file() else learned
    file = digest(in_force) if in_force.is_file() else "none yet"
    return {**depends_on(job, "contract"), "contract file": file, "after data": data_key}


def split_parts(job: Job, contract_key: str) -> dict[str, Any]:
    """What the split depends on."""
    rows = job.mode.get("max_rows")
    return {
        **depends_on(job, "splitter", seed=job.seed, max_rows=rows),
        "after contract": contract_key,
    }


def prepare(job: Job, steps: Steps) -> Prepared:
    """Read, enforce, split; every step reused where nothing changed.

    Raises
    ------
    MlopsError
        The source cannot be read, the contract is broken, there are too few rows.
    """
    source = data_parts(job)
    dataset, data_key = steps.kept(
        "data",
        lambda: source,
        make=lambda: job.part("data").read(),
        load=read_dataset,
        save=write_dataset,
        says=_told,
    )
    learned, accepted = contract_folders(job)
    enforced, contract_key = steps.kept(
        "contract",
        lambda: contract_parts(job, data_key),
        make=lambda: job.part("contract").enforce(
            dataset, name=contract_name(job), learned=learned, accepted=accepted
        ),
        load=lambda entry: _read_enforced(entry, dataset),
        save=lambda made, entry: _write_enforced(made, entry, dataset),
        says=lambda made: "; ".join([made.waited] * bool(made.waited) + [*made.notes]),
    )
    used = _fewer(enforced.dataset, job)
    split, split_key = steps.kept(
        "splitter",
        lambda: split_parts(job, contract_key),
        make=lambda: job.part("splitter").split(used, seed=job.seed),
        load=read_split,
        save=write_split,
        says=lambda made: "; ".join(
            [f"{len(made.train):,} train + {len(made.test):,} test rows", *made.notes]
        ),
    )
    return Prepared(enforced, used, split, split_key, str(source["content"]))


def _told(dataset: Dataset) -> str:
    rows, columns = dataset.frame.shape
    found = f"{rows:,} rows × {columns} columns, {dataset.task.name} of {dataset.task.target}"
    return "; ".join([found, *dataset.notes])


def _fewer(dataset: Dataset, job: Job) -> Dataset:
    """A mode's random share of the rows, in their order; the contract has seen them all."""
    most = job.mode.get("max_rows")
    if not most or len(dataset.frame) <= most:
        return dataset
    import numpy as np

    chosen = np.random.default_rng(job.seed).choice(len(dataset.frame), most, replace=False)
    fewer = dataset.rows(np.sort(chosen))
    return replace(fewer, fingerprint=f"{dataset.fingerprint}-{most}")


def _write_enforced(enforced: Enforced, folder: Path, dataset: Dataset) -> None:
    enforced.quarantined.to_parquet(folder / "quarantine.parquet")
    same = enforced.dataset is dataset or enforced.dataset.fingerprint == dataset.fingerprint
    (folder / "notes.json").write_text(json.dumps({"notes": enforced.notes, "same": same}))
    if not same:
        write_dataset(enforced.dataset, folder)


def _read_enforced(folder: Path, dataset: Dataset) -> Enforced:
    import pandas as pd

    about = json.loads((folder / "notes.json").read_text())
    kept = dataset if about["same"] else read_dataset(folder)
    return Enforced(kept, pd.read_parquet(folder / "quarantine.parquet"), tuple(about["notes"]))


def write_split(split: Split, folder: Path) -> None:
    """Write `split` into `folder`."""
    import numpy as np

    folds = {
        f"{side}{number}": positions
        for number, pair in enumerate(split.folds)
        for side, positions in zip(("fit", "held"), pair, strict=True)
    }
    arrays: dict[str, Any] = {"train": split.train, "test": split.test, **folds}
    np.savez(folder / "rows.npz", **arrays)
    (folder / "notes.json").write_text(json.dumps(split.notes))


def read_split(folder: Path) -> Split:
    """Read what :func:`write_split` wrote."""
    import numpy as np

    with np.load(folder / "rows.npz", allow_pickle=False) as rows:
        count = sum(name.startswith("fit") for name in rows)
        folds = tuple((rows[f"fit{number}"], rows[f"held{number}"]) for number in range(count))
        notes = tuple(json.loads((folder / "notes.json").read_text()))
        return Split(rows["train"], rows["test"], folds, notes)
