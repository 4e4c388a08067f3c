"""`mlops -m`: every combination of choices, all checked before the first one starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from mlops.config.catalogue import catalogue
from mlops.config.combinations import combinations, samples
from mlops.config.commandline import Command
from mlops.config.job import Job
from mlops.core.errors import SWEEP, MlopsError, Problem, fail
from mlops.core.paths import near, write_whole
from mlops.core.record import Record, Result, Step
from mlops.core.version import ModelVersion
from mlops.flow.jobs import job_of
from mlops.flow.registered import registered, shown, standing_of
from mlops.flow.run import Run, carry_out, delivered, keep, writable
from mlops.flow.run_folder import RunFolder, new_run_folder
from mlops.flow.sweep_table import rank, row, told, value_of, varying
from mlops.ui.silent import Silent


def sweep(command: Command) -> Result:
    """Run every combination of the command's words.

    Raises
    ------
    MlopsError
        Problems of any combination, before the first one starts; a verb that cannot be swept.
    """
    jobs = _checked(command)
    if not isinstance(jobs[0].part("flow"), Run):
        raise _not_swept(command.verb)
    go: Callable[[Sweep], None] = Sweep.carry_out
    if _names(command, "hydra/launcher=", "hydra/sweeper="):
        from mlops.flow.hydra_sweep import launched

        go = partial(launched, command)
    screen, tracker = jobs[0].part("ui"), jobs[0].part("tracker")
    tracker.open(jobs[0].outputs)
    with delivered(tracker) as delivery:
        result = _all(jobs, screen, tracker, go)
    result = replace(result, delivery=delivery())
    keep(result, jobs[0])
    screen.show(result)
    return result


def _names(command: Command, *words: str) -> bool:
    return any(word.lstrip("+").startswith(words) for word in command.words)


def _checked(command: Command) -> list[Job]:
    jobs, problems = [], []
    every = samples if _names(command, "hydra/sweeper=") else combinations
    for words in every(command.words, catalogue()):
        try:
            jobs.append(job_of(command, words))
        except MlopsError as error:
            problems += [each for each in error.problems if each not in problems]
    if problems:
        raise MlopsError(*problems)
    return jobs


@dataclass
class Sweep:
    """Jobs, what became of them, and the parent run of each experiment they belong to."""

    jobs: list[Job]
    folder: RunFolder
    tracker: Any
    screen: Any
    start_ms: int
    results: list[Result] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(job.name for job in self.jobs))

    def parent(self, name: str) -> str:
        """Run key of the parent in the experiment `name`."""
        return f"{self.folder.key}-{self.names.index(name)}"

    def carry_out(self) -> None:
        """Run one job after the other; a failed one is told and does not stop the rest."""
        for job in self.jobs:
            self.screen.step(self.next, self.said(job))
            self.tell(job, one(job, self.tracker, self.parent(job.name)))

    @property
    def next(self) -> str:
        """What the step of the next job is called."""
        return f"job {len(self.results) + 1}/{len(self.jobs)}"

    def said(self, job: Job) -> str:
        """What sets `job` apart from the others."""
        return " ".join(f"{key}={value_of(job, key)}" for key in varying(self.jobs)) or job.name

    def tell(self, job: Job, result: Result) -> None:
        """Keep and show what became of one job."""
        step = Step(
            name=self.next,
            status={"passed": "done"}.get(result.outcome, result.outcome),
            says=f"{self.said(job)}: {told(result)}",
            seconds=result.seconds,
        )
        self.results.append(result)
        self.steps.append(step)
        self.screen.done(step)

    def begin(self, stack: ExitStack) -> None:
        """Say that the parent runs go on, for as long as `stack` is open."""
        for name in self.names:
            parent = self.record(name, "RUNNING")
            stack.enter_context(self.tracker.begin(parent, self.folder.path / name))

    def submit(self) -> None:
        """The parent runs; each registers the best accepted model of its experiment."""
        for name in self.names:
            register, winner = self.registers(name)
            version = self.version(name, winner) if register and winner else None
            standing = standing_of(self.job_of(name)) if version else None
            is_new = standing is not None and version is not None and version.is_new
            record = replace(
                self.record(name, "FINISHED"),
                register=register if is_new else "",
                model_of=winner,
            )
            self.tracker.submit(record)
            if standing is not None:
                self.tracker.submit(standing)

    def registers(self, name: str) -> tuple[str, str]:
        """What a version of one experiment is registered as, and whose model that is."""
        winner, job = self.winner(name), self.job_of(name)
        accepted = winner is not None and bool(job.mode["judge"])
        return job.part("registry").registers(name, accepted), winner.key if winner else ""

    def version(self, name: str, key: str) -> ModelVersion:
        """Make a version of the run `key`."""
        result = next(each for each in self.results if each.key == key)
        job = self.job_of(name)
        version = registered(job, job.project / result.folder)
        result.details["version"] = shown(version)
        return version

    def job_of(self, name: str) -> Job:
        """The first job of one experiment."""
        return next(job for job in self.jobs if job.name == name)

    def stopped(self, status: str, reason: str) -> None:
        """The parent runs of a sweep that ended early; nothing is registered."""
        for name in self.names:
            record = self.record(name, status)
            with suppress(OSError, MlopsError):  # the error itself is on its way to the user
                self.tracker.submit(replace(record, tags={**record.tags, "mlops.reason": reason}))

    def record(self, name: str, status: str) -> Record:
        """The parent run of the experiment `name`."""
        count, varied = str(len(self.jobs)), " ".join(varying(self.jobs))
        return Record(
            key=self.parent(name),
            experiment=name,
            run_name=f"sweep of {count} {self.folder.key}",
            status=status,
            start_ms=self.start_ms,
            end_ms=int(time.time() * 1000),
            tags={"mlops.sweep": count, "mlops.varied": varied},
        )

    def winner(self, name: str) -> Result | None:
        """The best accepted result of one experiment."""
        accepted = [each for each in self.results if each.name == name and each.outcome == "passed"]
        return min(accepted, key=rank, default=None)


def _all(jobs: list[Job], screen: Any, tracker: Any, go: Callable[[Sweep], None]) -> Result:
    began = time.perf_counter()
    folder = new_run_folder(jobs[0].outputs, "sweep")
    sweep = Sweep(jobs, folder, tracker, screen, int(time.time() * 1000))
    with writable(jobs[0]), ExitStack() as stack:
        sweep.begin(stack)
        try:
            go(sweep)
        except KeyboardInterrupt:
            sweep.stopped("KILLED", "aborted")
            raise
        except BaseException:
            sweep.stopped("FAILED", "bug")
            raise
        sweep.submit()
        result = _summary(sweep, time.perf_counter() - began)
        write_whole(folder.path / "result.json", result.to_json())
        return result


def one(job: Job, tracker: Any, parent_key: str) -> Result:
    """One job, whose failure is told and does not stop the others."""
    job._parts["ui"] = Silent()
    began = time.perf_counter()
    try:
        return carry_out(job, tracker, parent_key=parent_key, registers=False)
    except MlopsError as error:
        problems = error.problems
        code = error.exit_code
    except Exception as error:  # a bug in one job must not cost the others
        code = 5
        problems = (
            Problem(
                code="bug",
                says="mlops itself failed; this is not your mistake.",
                where=" ".join(job.words),
                found=f"{type(error).__name__}: {error}".split("\n")[0][:200],
                accepted="-",
                next_step="run this job alone with --debug, and report what that prints",
                exit_code=code,
            ),
        )
    return Result(
        outcome="failed",
        exit_code=code,
        name=job.name,
        problems=tuple(asdict(each) for each in problems),
        seconds=time.perf_counter() - began,
    )


def _summary(sweep: Sweep, seconds: float) -> Result:
    jobs, results = sweep.jobs, sweep.results
    ranked = sorted(zip(jobs, results, strict=True), key=lambda pair: (pair[1].name, rank(pair[1])))
    varied = varying(jobs)
    failed = sum(result.outcome == "failed" for result in results)
    codes = {result.exit_code for result in results}
    return Result(
        outcome="failed" if failed else "done",
        exit_code=codes.pop() if len(codes) == 1 else (SWEEP if failed else max(codes)),
        name=" ".join(sweep.names),
        folder=near(sweep.folder.path, jobs[0].project),
        steps=tuple(sweep.steps),
        problems=tuple(each for result in results for each in result.problems),
        details={
            "says": f"{len(jobs) - failed} of {len(jobs)} jobs ran",
            "lines": [
                f"{result.name} {result.details['version']['says']}: run {result.key}"
                for result in results
                if "version" in result.details
            ],
            "rows": [row(job, result, varied) for job, result in ranked],
            "jobs": [{"key": each.key, "folder": each.folder} for each in results],
            "registers": {
                key: register
                for register, key in map(sweep.registers, sweep.names)
                if register and key
            },
        },
        seconds=round(seconds, 3),
    )


def _not_swept(verb: str) -> MlopsError:
    return fail(
        "verb-not-swept",
        f"mlops {verb} does one thing; -m runs many.",
        where="command line, -m",
        found=verb,
        accepted="run (no verb)",
        next_step=f"leave out -m, or `{verb}`",
    )
