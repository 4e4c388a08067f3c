"""Which snapshots of data are still needed: by a run that stays, or by a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops.core.lines import parsed
from mlops.core.snapshot import KIND, pinned, snapshots
from mlops.registry.shelf import CANDIDATE, MANIFEST


def not_needed(outputs: Path, going: Iterable[Path]) -> Iterator[Path]:
    """Snapshots that no run but those that are `going`, and no version refers to.

    While a run goes on, none: it may be about to refer to one.

    Parameters
    ----------
    outputs : pathlib.Path
    going : iterable of pathlib.Path
        Run folders that will be gone.
    """
    from mlops.tracker.started import running

    if running(outputs):
        return
    gone = set(going)
    runs = [each for each in (outputs / "runs").glob("*/") if each not in gone]
    needed = pinned(outputs)
    needed |= {_snapshot(folder / CANDIDATE) for folder in runs}
    needed |= {_snapshot(file) for file in (outputs / "registry").glob(f"*/versions/*/{MANIFEST}")}
    for folder in sorted((snapshots(outputs).folder / KIND).glob("[!.]*/")):
        if folder.name not in needed:
            yield folder


def _snapshot(file: Path) -> str:
    with suppress(OSError, ValueError, AttributeError):
        about: dict[str, Any] = parsed(file.read_bytes())
        return str(about.get("snapshot", ""))
    return ""
