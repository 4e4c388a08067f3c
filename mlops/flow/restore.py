"""`mlops restore`: what is broken in versions and histories is put back from a backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import REFUSED, MlopsError, counted, fail
from mlops.core.record import Result
from mlops.flow.registered import refuse_elsewhere
from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.restore import Restored, is_whole, restore


class Restore:
    """Mend all models, or the one that `name` says.

    Parameters
    ----------
    path : str or None
        The backup; None tries them all, the newest first, until nothing is broken.
    """

    def __init__(self, *, path: str | None = None) -> None:
        self.path = path

    def __call__(self, job: Job) -> Result:
        """Put back what is broken; what is whole is left alone.

        Raises
        ------
        MlopsError
            There is no such backup, or they are kept elsewhere (2); it cannot be trusted, or
            something is broken that no backup holds whole (3).
        """
        refuse_elsewhere(job)
        found: dict[str, list[Restored]] = {}
        problems: list[MlopsError] = []
        for archive in self._archives(job, problems):
            for model in _meant(job, archive):
                found.setdefault(model, [])
                if not is_whole(job.outputs, model):
                    found[model] += _tried(job.outputs, model, archive, problems)
        if not found:
            raise problems[0] if problems else _nothing(job)
        broken = [model for model in found if not is_whole(job.outputs, model)]
        if broken and problems:
            raise problems[0]
        return Result(
            outcome="failed" if broken else "done",
            exit_code=REFUSED if broken else 0,
            details=_told(found, broken),
        )

    def _archives(self, job: Job, problems: list[MlopsError]) -> Iterator[Archive]:
        """The one that is named, which must be sound; else each that is."""
        if self.path is not None:
            yield Archive(job.project / Path(self.path).expanduser())
            return
        for path in Backups(job.outputs).usable():
            try:
                yield Archive(path)
            except MlopsError as error:
                problems.append(error)


def _meant(job: Job, archive: Archive) -> list[str]:
    name = job.values.get("name")
    return sorted(model for model in archive.models if name in (None, model))


def _tried(
    outputs: Path, model: str, archive: Archive, problems: list[MlopsError]
) -> list[Restored]:
    try:
        return [restore(outputs, model, archive)]
    except MlopsError as error:
        problems.append(error)
        return []


def _told(found: dict[str, list[Restored]], broken: list[str]) -> dict[str, Any]:
    tried = [each for some in found.values() for each in some]
    rows = [{"model": each.model, "put back": what} for each in tried for what in each.put_back]
    lines = [f"what was there before: {each.kept}" for each in tried if each.kept]
    lines += [
        f"{each.model}: the last {counted(each.lost, 'act')} could not be saved, by no copy"
        for each in tried
        if each.lost
    ]
    left = {model: found[model][-1].wrong for model in broken if found[model]}
    lines += [f"still broken: {each}" for some in left.values() for each in some]
    says = f"{counted(len(found), 'model')} whole" if not broken else "not all could be put back"
    if not rows and not broken:
        says += ", nothing was to be put back"
    return {"says": says, "rows": rows, "lines": lines}


def _nothing(job: Job) -> MlopsError:
    name = job.values.get("name")
    return fail(
        "no-backup",
        f"There is no backup of {name}." if name else "There is no backup.",
        where=str(Backups(job.outputs).folder),
        found="none",
        accepted="a file that mlops backup wrote",
        next_step="mlops restore path=FILE, if it lies elsewhere; mlops backup makes one",
    )
