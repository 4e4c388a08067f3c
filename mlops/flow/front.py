"""The road's steps before the model: fitted on one side, and what they make of both.

What is learned comes from the fitting side only. A front is kept by what it depends on: frames for
a fold, whose steps nobody asks for again, and the steps too for the whole training part.
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
from mlops.core.dataset import Dataset
from mlops.core.errors import MlopsError, counted, fail
from mlops.flow.fault import is_of_system
from mlops.flow.heard import QUOTED
from mlops.flow.keys import depends_on

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

    @property
    def bytes(self) -> int:
        """What its frames take in memory."""
        return sum(int(each.memory_usage().sum()) for each in (self.fit_X, self.held_X))


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
    except (MlopsError, BrokenPipeError, MemoryError):
        raise
    except Exception as error:
        if is_of_system(error):
            raise
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


def account(steps: list[tuple[str, Any]]) -> dict[str, Any]:
    """What fitted steps tell of what they did."""
    fitted = dict(steps)
    return {
        "touched": dict(getattr(fitted["cleaner"], "touched_", {})),
        "rows_dropped": int(getattr(fitted["cleaner"], "rows_dropped_", 0)),
        "unused": list(getattr(fitted["features"], "unused_", [])),
    }


def told(front: Front) -> str:
    """What came out, in a few words."""
    dropped = front.told["rows_dropped"]
    cells = sum(front.told["touched"].values()) - dropped
    said = [counted(front.fit_X.shape[1], "feature")]
    said += [f"{counted(cells, 'cell')} cleaned"] if cells > 0 else []
    said += [f"{counted(dropped, 'row')} dropped"] if dropped else []
    return ", ".join(said)


def with_steps(allowed: tuple[str, ...]) -> Callable[[Front, Path], None]:
    """Writes the fitted steps too."""

    def write(front: Front, folder: Path) -> None:
        from sklearn.pipeline import Pipeline

        artefact.save(Pipeline(front.steps()), folder / "steps.skops", allowed=allowed)
        write_frames(front, folder)

    return write


def write_frames(front: Front, folder: Path) -> None:
    """Write what became of both sides, and what there is to tell of it."""
    front.fit_X.assign(**{TARGET: front.fit_y.to_numpy()}).to_parquet(folder / "fit.parquet")
    front.held_X.to_parquet(folder / "held.parquet")
    (folder / "told.json").write_text(json.dumps(front.told))


def read(folder: Path, allowed: tuple[str, ...]) -> Front:
    """Read what was written; fitted steps, if they are asked for, through our own loader."""
    import pandas as pd

    fit = pd.read_parquet(folder / "fit.parquet")
    y = fit.pop(TARGET)
    held = pd.read_parquet(folder / "held.parquet")
    told = json.loads((folder / "told.json").read_text())

    def steps() -> list[tuple[str, Any]]:
        return artefact.load(folder / "steps.skops", allowed=allowed).steps

    return Front(steps, fit, y, held, told)
