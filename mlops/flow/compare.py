"""`mlops compare`: what sets two models apart, on the same rows where there are any."""

from __future__ import annotations

from typing import Any

from mlops.config.job import Job
from mlops.core.errors import MlopsError, fail
from mlops.core.paths import write_whole
from mlops.core.record import Result
from mlops.flow.subject import Subject, subject

FOLDER = "comparisons"


class Compare:
    """Compare two models: configuration, data, metrics, answers, size, speed, surroundings.

    Parameters
    ----------
    a, b : int or str
        A version's number or name, the key of a run, or of a sweep, which means its winner.
    resamples : int
        Of the paired bootstrap; 0 gives no intervals.
    """

    def __init__(
        self, *, a: int | str = "champion", b: int | str = "challenger", resamples: int = 1000
    ) -> None:
        self.a = a
        self.b = b
        self.resamples = resamples

    def __call__(self, job: Job) -> Result:
        """Compare, and write the page; whichever is better, that is no failure.

        Raises
        ------
        MlopsError
            There is no such model, the two are one, or they predict different things (2); files
            of a version are not whole (3).
        """
        first, second = subject(job, self.a, where="a"), subject(job, self.b, where="b")
        if first.about.get("run") == second.about.get("run"):
            raise self._one(first)
        return self._compared(job, first, second)

    def _compared(self, job: Job, first: Subject, second: Subject) -> Result:
        from mlops.flow.comparison.shown import page
        from mlops.flow.comparison.sides import refuse_strangers, side
        from mlops.flow.comparison.told import facts
        from mlops.flow.comparison.verdict import table, verdict

        screen = job.part("ui")
        screen.step("compare", f"{first.label} and {second.label}")
        a, b = side(job, first), side(job, second)
        refuse_strangers(a, b)
        found, plots = self._found(job, a, b)
        says = verdict(a, b, found["answers"])
        name = f"{FOLDER}/{job.name}-{a.stem}-{b.stem}.html"
        write_whole(job.outputs / name, page(a, b, found, plots, says))
        shown_path = f"{job.values['outputs']}/{name}"
        return Result(
            outcome="done",
            name=job.name,
            warnings=tuple(found["notes"]),
            details={
                "facts": {"a": [a.label], "b": [b.label], **facts(found)},
                "rows": table(a, b, found["answers"]),
                "says": says,
                "lines": [f"page  {shown_path}"],
                "page": shown_path,
                **{letter: _about(each) for letter, each in (("a", a), ("b", b))},
                **found,
            },
        )

    def _found(self, job: Job, a: Any, b: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """All findings, and the pictures of some."""
        from mlops.flow.comparison.answers import answers
        from mlops.flow.comparison.data import data_difference
        from mlops.flow.comparison.settings import settings_difference
        from mlops.flow.comparison.surroundings import footprints, surroundings_difference

        judged, pictures, notes = answers(job, a, b, self.resamples)
        data: dict[str, Any] | None = None
        spread: tuple[Any, ...] = ()
        if a.dataset is not None and b.dataset is not None:
            data, spread = data_difference(a.dataset, b.dataset)
        found = {
            "config": settings_difference(a, b),
            "data": data,
            "answers": judged,
            "footprint": footprints(a, b),
            "surroundings": surroundings_difference(a, b),
            "notes": [*a.missing, *b.missing, *notes],
        }
        return found, {"answers": pictures, "data": spread}

    def _one(self, only: Subject) -> MlopsError:
        return fail(
            "same-model",
            "a and b are one and the same model.",
            where=f"a={self.a} b={self.b}",
            found=f"both are {only.label}",
            accepted="two models",
            next_step="name another: mlops history shows versions, mlops runs the runs",
        )


def _about(each: Any) -> dict[str, Any]:
    """Who one side is."""
    version = each.subject.version
    return {
        "label": each.label,
        "run": each.key,
        "version": version.number if version else None,
        "aliases": list(version.aliases) if version else [],
        "folder": str(each.subject.folder),
    }
