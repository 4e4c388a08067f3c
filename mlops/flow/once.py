"""One run: its folder, the road, the verdict, what it leaves behind, and its submitted record."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import INTERRUPTED, REFUSED, USER, MlopsError
from mlops.core.paths import near, write_whole
from mlops.core.record import Record, Result
from mlops.core.store import Store
from mlops.core.tuning import Trial
from mlops.core.turns import told_to
from mlops.flow.artifacts import write_artifacts, write_model
from mlops.flow.candidate import write_candidate
from mlops.flow.fault import fault, is_of_system
from mlops.flow.heard import heard, sentences
from mlops.flow.jobs import make_parts
from mlops.flow.page import page
from mlops.flow.record import Outline, lineage, metrics, searched
from mlops.flow.registered import registered, shown, standing_of
from mlops.flow.road import Verdict, travel
from mlops.flow.run_folder import new_run_folder, unwritable
from mlops.flow.run_index import RunIndex
from mlops.flow.steps import Steps
from mlops.flow.surroundings import code_state


@dataclass
class _Running:
    """One run on its way: what is known of it, and where it reports to."""

    outline: Outline
    tracker: Any
    steps: Steps
    began: float
    registers: bool
    tell: Callable[[Record], None]
    is_over: bool = False
    heard: tuple[str, ...] = ()
    known: dict[str, Any] = field(default_factory=dict)

    def submit(self, status: str, **more: Any) -> None:
        self.tracker.submit(self.outline.record(status, int(time.time() * 1000), **more))
        self.is_over = True

    def failed(self, status: str, reason: str) -> None:
        """Record that it ended early; the error itself is on its way to the user."""
        if self.is_over:
            return
        tags = {**self.known.pop("tags", {}), "mlops.reason": reason}
        path = self.outline.folder.path / "result.json"
        if not path.exists():
            outcome = "aborted" if status == "KILLED" else "failed"
            with suppress(OSError):
                write_whole(path, self.early(outcome).to_json())
        with suppress(OSError, MlopsError):
            self.submit(status, tags=tags, **self.known)

    def early(self, outcome: str) -> Result:
        """The result of a run that ends before its verdict."""
        return Result(
            outcome=outcome,
            exit_code=INTERRUPTED if outcome == "aborted" else USER,
            name=self.outline.job.name,
            key=self.outline.folder.key,
            folder=near(self.outline.folder.path, self.outline.job.project),
            steps=tuple(self.steps.done),
            details={"choices": self.outline.job.choices, **self.steps.so_far},
            seconds=self.seconds,
        )

    def know(self, **more: Any) -> None:
        """Keep what is known by now, for the record of a run that is stopped or killed."""
        self.known = more
        self.tell(self.outline.record("RUNNING", int(time.time() * 1000), **more))

    def trial(self, trial: Trial) -> None:
        """A trial of a search has ended: it is a child run, whatever becomes of this one."""
        self.tracker.submit(self.outline.trial(trial, int(time.time() * 1000)))

    @property
    def seconds(self) -> float:
        return round(time.perf_counter() - self.began, 3)


def carry_out(
    job: Job,
    tracker: Any,
    *,
    began: float | None = None,
    parent_key: str = "",
    registers: bool = True,
    repeats: str = "",
) -> Result:
    """One run, from its folder to its submitted record.

    Parameters
    ----------
    job : Job
    tracker : object
        Open; it is left open.
    began : float or None
        When the command began, by ``time.perf_counter``; None for now.
    parent_key : str
        Run key of a sweep.
    registers : bool
        False leaves it to the sweep which model becomes a version.
    repeats : str
        Key of the run that this one repeats: no step is reused, nothing becomes a version, and
        the verdict is left to who compares the two.
    """
    folder = new_run_folder(job.outputs, job.name)
    outline = Outline(job, folder, int(time.time() * 1000), parent_key, repeats)
    steps = Steps(Store(job.outputs / "cache"), job.name, job.part("ui"), reuses=not repeats)
    began = time.perf_counter() if began is None else began
    with (
        told_to(steps.screen.line),
        writable(job),
        tracker.begin(outline.record("RUNNING", 0), folder.path) as tell,
    ):
        running = _Running(outline, tracker, steps, began, registers, tell)
        try:
            steps.screen.step("start", "")
            make_parts(job, registers=not repeats)
            with heard() as caught:
                verdict = travel(job, steps, folder.key, running.trial)
            private = bool(verdict.prepared.dataset.sensitive)
            running.heard = sentences(caught, without_values=private)
            return _judged(verdict, running)
        except (KeyboardInterrupt, BrokenPipeError):
            running.failed("KILLED", "aborted")
            raise
        except MlopsError as error:
            running.failed("FAILED", error.problems[0].code)
            raise
        except (Exception, SystemExit) as error:
            ours = isinstance(error, OSError) and _is_ours(error, job)
            told = "cannot-write" if ours else fault(error, job.project, where="", again="").code
            running.failed("FAILED", told)
            raise
        finally:
            RunIndex(job.outputs).note(folder.path)


@contextmanager
def writable(job: Job) -> Iterator[None]:
    """What the system says against writing results, as an error in five parts."""
    try:
        yield
    except OSError as error:
        if _is_ours(error, job):
            raise unwritable(job.outputs, error) from error
        raise


def _is_ours(error: OSError, job: Job) -> bool:
    """Whether the file lies where results go; a disk that is full does not name its file."""
    if error.filename is None:
        return is_of_system(error)
    return Path(os.fsdecode(error.filename)).absolute().is_relative_to(job.outputs)


def _judged(verdict: Verdict, running: _Running) -> Result:
    """Show the verdict at once, then write and submit what it leaves behind."""
    job, path = verdict.job, running.outline.folder.path
    running.outline = replace(running.outline, job=job)  # what is recorded is what was found
    accepted = verdict.report.passed and bool(job.mode["judge"])
    again = bool(running.outline.repeats)
    may = accepted and running.registers and not again
    registers = job.part("registry").registers(job.name, may)
    result = _result(verdict, running, registers)
    found: dict[str, Any] = {
        "metrics": metrics(verdict.report, verdict.tuned.scores, verdict.losses),
        "dataset": lineage(verdict.prepared.dataset),
    }
    write_whole(path / "result.json", result.to_json())
    if not again:
        job.part("ui").verdict(result)
    running.know(**found, tags={"mlops.outcome": result.outcome}, artifacts=("result.json",))
    model = write_model(verdict, path)
    tags, diff = code_state(job.project)
    html = page(verdict, result, tags)
    written = write_artifacts(verdict, path, html, diff)
    if job.mode["judge"]:
        known: dict[str, Any] = {"model": model, "tags": tags, "parents": running.outline.parents}
        write_candidate(verdict, path, files=(*written, "result.json"), **known)
    tags |= {"mlops.data_fingerprint": verdict.prepared.dataset.fingerprint}
    tags |= {"mlops.ensemble": verdict.tuned.ensemble.says} if verdict.tuned.ensemble else {}
    told = {**found, "tags": {**tags, "mlops.outcome": result.outcome}, "model": model}
    told["artifacts"] = (*written, "result.json")
    version = None
    if registers:
        running.know(**told)  # before: should we be killed now, the version has its model
        version = registered(job, path)
        result.details["version"] = shown(version)
    standing = standing_of(job) if version else None
    is_new = standing is not None and version is not None and version.is_new
    running.submit("FINISHED", **told, register=registers if is_new else "")
    if standing is not None:
        running.tracker.submit(standing)
    unsaved = running.steps.save()
    return replace(result, warnings=(*result.warnings, *unsaved), seconds=running.seconds)


def _result(verdict: Verdict, running: _Running, registers: str) -> Result:
    report, outline = verdict.report, running.outline
    unused = tuple(verdict.front.told["unused"])
    return Result(
        outcome="passed" if report.passed else "refused",
        exit_code=0 if report.passed else REFUSED,
        name=outline.job.name,
        key=outline.folder.key,
        folder=near(outline.folder.path, outline.job.project),
        steps=tuple(running.steps.done),
        metrics=tuple(asdict(metric) for metric in report.metrics),
        gates=tuple(asdict(gate) for gate in report.gates),
        warnings=(*report.warnings, *unused, *running.heard),
        details={
            "recipe": outline.job.choices["recipe"],
            "choices": outline.job.choices,
            "best": verdict.tuned.best.params,
            "trials": len(verdict.tuned.trials),
            **searched(verdict.tuned),
            "registers": registers,
        },
        seconds=running.seconds,
    )
