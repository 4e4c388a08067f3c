"""Each run has a folder of its own, named so that the newest sorts last."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import make_outputs


@dataclass(frozen=True)
class RunFolder:
    """Where one run writes, and its key."""

    key: str
    path: Path


def new_run_folder(outputs: Path, name: str) -> RunFolder:
    """Make ``outputs/runs/NAME-TIME-RANDOM``; the random part begins with the milliseconds.

    Raises
    ------
    MlopsError
        The folder cannot be written (exit code 4).
    """
    now = datetime.now(UTC)
    key = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03x}{secrets.token_hex(3)[1:]}"
    path = outputs / "runs" / f"{name}-{key}"
    try:
        make_outputs(outputs)
        path.mkdir(parents=True)
    except OSError as error:
        raise unwritable(outputs, error) from error
    return RunFolder(key, path)


def unwritable(outputs: Path, error: OSError) -> Exception:
    """The error that says that results cannot be written."""
    return fail(
        "cannot-write",
        "Results cannot be written.",
        where=str(outputs),
        found=error.strerror or str(error),
        accepted="a folder that you may write to, on a disk with room",
        next_step="free some space (mlops clean), or write outputs=OTHER_FOLDER",
        exit_code=ENVIRONMENT,
    )
