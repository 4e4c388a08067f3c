"""`mlops -m`: every combination of choices, all checked before the first one starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial

from mlops.config.catalogue import catalogue
from mlops.config.combinations import combinations, samples
from mlops.config.commandline import Command
from mlops.config.job import Job
from mlops.config.sweeper.space import as_words
from mlops.core.errors import BUG, INTERRUPTED, SWEEP, MlopsError, Problem, fail
from mlops.core.paths import near, write_whole
from mlops.core.record import Result
from mlops.flow.delivered import delivered, keep
from mlops.flow.jobs import job_of
from mlops.flow.once import writable
from mlops.flow.run import Run
from mlops.flow.sweep_crew import carried
from mlops.flow.sweep_memory import Memory, marks
from mlops.flow.sweep_parent import Sweep
from mlops.flow.sweep_table import as_csv, rows

FILES = ("result.json", "table.csv", "report.html")
NOTHING, STOPPED = "no job was left to run", "stopped before a job had ended"


def sweep(command: Command) -> Result:
    """Run every combination of the command's words.

    Raises
    ------
    MlopsError
        Problems of any combination, before the first one starts; a verb that cannot be swept.
    """
    jobs = _checked(command)
    verb = jobs[0].part("flow")
    if not isinstance(verb, Run):
        raise _not_swept(command.verb)
    go: Callable[[Sweep], None] | None = None
    if _names(command, "hydra/launcher=", "hydra/sweeper="):
        from mlops.flow.hydra_sweep import launched

        go = partial(launched, command)
        if verb.resume:
            raise _not_resumed()
    known = [] if go else marks(jobs)
    before = Memory.last(jobs[0].outputs, known) if verb.resume else None
    screen, tracker = jobs[0].part("ui"), jobs[0].part("tracker")
    if verb.resume and before is None:
        screen.line("no sweep of these jobs is there to go on with: all of them run")
    tracker.open(jobs[0].outputs)
    with delivered(tracker) as delivery:
        memory = before or Memory.new(jobs[0].outputs, known)
        start_ms = int(time.time() * 1000)
        began = Sweep(jobs, memory.folder, tracker, screen, start_ms, before is not None)
        if go:
            kept = ("hydra.sweeper.storage=", "hydra.sweeper.study_name=")
            has_study = all(_names(command, each) for each in kept)
            began.again = "hydra.sweeper.resume=true goes on with the study" if has_study else ""
            began.count = 0 if _names(command, "hydra/sweeper=") else began.count
        result = _all(began, memory, go or partial(_carried, memory=memory, verb=verb))
    result = replace(result, delivery=delivery())
    keep(result, jobs[0])
    screen.show(result)
    return result


def _names(command: Command, *words: str) -> bool:
    return any(word.lstrip("+").startswith(words) for word in command.words)


def _checked(command: Command) -> list[Job]:
    jobs, problems = [], []
    every, typed = combinations, command.words
    if _names(command, "hydra/sweeper="):
        every, typed = samples, (*typed, *as_words(typed))
    for words in every(typed, catalogue()):
        try:
            jobs.append(job_of(command, words))
        except MlopsError as error:
            told = [_as_typed(each, words, typed) for each in error.problems]
            problems += [each for each in told if each not in problems]
    if problems:
        raise MlopsError(*problems)
    return jobs


def _as_typed(problem: Problem, words: tuple[str, ...], typed: tuple[str, ...]) -> Problem:
    """A problem of a key, told once for all values that are typed for it."""
    for word, whole in zip(words, typed, strict=True):
        value, values = word.partition("=")[2], whole.partition("=")[2]
        if word != whole and word in problem.where and problem.found != value:
            where, step = problem.where.replace(word, whole), problem.next_step
            problem = replace(
                problem, where=where, next_step=step.replace(f"={value}", f"={values}")
            )
    return problem


def _all(sweep: Sweep, memory: Memory, go: Callable[[Sweep], None]) -> Result:
    began = time.perf_counter()
    job = sweep.jobs[0]
    with writable(job), memory.driven(job.project), ExitStack() as stack:
        sweep.begin(stack)
        try:
            go(sweep)
        except (KeyboardInterrupt, BrokenPipeError) as error:
            if sweep.again:
                error.add_note(sweep.again)
            so_far = _summary(sweep, time.perf_counter() - began, ended_by=INTERRUPTED)
            result = _written(sweep, so_far)
            sweep.stopped("KILLED", "aborted", FILES)
            with suppress(BrokenPipeError):  # nobody looks any more
                sweep.screen.show(result)
            raise
        except BaseException as error:
            problems = getattr(error, "problems", ())
            code = max((each.exit_code for each in problems), default=BUG)
            if sweep.results:  # what is wrong now makes nothing of what ended before
                so_far = _summary(sweep, time.perf_counter() - began, ended_by=code)
                sweep.screen.show(_written(sweep, so_far))
            files = FILES if sweep.results else ()
            sweep.stopped("FAILED", problems[0].code if problems else "bug", files)
            raise
        versions = sweep.register()
        result = _written(sweep, _summary(sweep, time.perf_counter() - began))
        sweep.submit(versions, FILES)
        return result


def _carried(sweep: Sweep, *, memory: Memory, verb: Run) -> None:
    """Tell what an earlier command has done, and have the rest done."""
    memory.write()
    missing = []
    for job, mark in zip(sweep.jobs, memory.marks, strict=True):
        before = memory.before(job, mark) if sweep.resumed else None
        if before is None:
            missing.append((job, mark))
        else:
            sweep.tell(job, before, before=True)
    carried(sweep, [job for job, _ in missing], [mark for _, mark in missing], verb.job_limit_s)


def _written(sweep: Sweep, result: Result) -> Result:
    """`result`, with what is kept of it in the sweep's folder."""
    from mlops.flow.sweep_page import html

    folder = sweep.folder.path
    write_whole(folder / "result.json", result.to_json())
    write_whole(folder / "table.csv", as_csv(result.details["rows"]))
    write_whole(folder / "report.html", html(sweep, result))
    return result


def _summary(sweep: Sweep, seconds: float, *, ended_by: int = 0) -> Result:
    """What became of `sweep`; `ended_by` is the exit code of what came before its end."""
    jobs, results, aborted = sweep.jobs, sweep.results, ended_by == INTERRUPTED
    lost = sum(result.outcome in ("failed", "aborted") for result in results)
    failed = sum(result.outcome == "failed" for result in results)
    is_all = len(results) == sweep.count
    code = SWEEP if failed else max((result.exit_code for result in results), default=0)
    folder = near(sweep.folder.path, jobs[0].project)
    ran = f"{len(results) - lost} of {sweep.count or len(results)} jobs finished"
    ran += f", {failed} failed" if failed else ""
    return Result(
        outcome="aborted" if aborted else "failed" if failed or ended_by else "done",
        exit_code=ended_by or code,
        name=" ".join(sweep.names),
        folder=folder,
        steps=tuple(sweep.steps),
        problems=tuple(each for result in results for each in result.problems),
        details={
            "says": ran if results else STOPPED if aborted else NOTHING,
            "lines": _lines(sweep, folder, is_whole=is_all and not lost and not ended_by),
            "rows": rows(sweep.ended, sweep.varied),
            "jobs": [{"key": each.key, "folder": each.folder} for each in results],
            "registers": {
                key: register
                for register, key in map(sweep.registers, sweep.names)
                if register and key and not ended_by
            },
        },
        seconds=round(seconds, 3),
    )


def _lines(sweep: Sweep, folder: str, *, is_whole: bool) -> list[str]:
    """What there is to say below the table."""
    found = [
        f"{result.name} {result.details['version']['says']}: run {result.key}"
        for result in sweep.results
        if "version" in result.details
    ]
    again = [] if is_whole else [sweep.again]
    found += [sweep.before] if sweep.before else []
    return [*found, f"side by side: {folder}/report.html", *filter(None, again)]


def _not_swept(verb: str) -> MlopsError:
    return fail(
        "verb-not-swept",
        f"mlops {verb} does one thing; -m runs many.",
        where="command line, -m",
        found=verb,
        accepted="run (no verb)",
        next_step=f"leave out -m, or `{verb}`",
    )


def _not_resumed() -> MlopsError:
    return fail(
        "resume-with-hydra",
        "resume=true goes on with sweeps that mlops itself carries.",
        where="command line, `resume=true`",
        found="hydra/launcher or hydra/sweeper",
        accepted="one of the two",
        next_step="hydra.sweeper.resume=true goes on with a stored study; or leave out resume=true",
    )
