"""`mlops -m`: every combination of choices, all checked before the first one starts."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from mlops.config.catalogue import catalogue
from mlops.config.combinations import combinations
from mlops.config.commandline import Command
from mlops.config.job import Job
from mlops.core.errors import SWEEP, MlopsError, Problem, fail
from mlops.core.record import Record, Result, Step
from mlops.flow.dispatch import job_of
from mlops.flow.run import Run, carry_out
from mlops.flow.run_folder import new_run_folder
from mlops.ui.silent import Silent


def sweep(command: Command) -> Result:
    """Run every combination of the command's words.

    Raises
    ------
    MlopsError
        Problems of any combination, before the first one starts; a verb that cannot be swept.
    """
    if any(word.lstrip("+").startswith(("hydra/launcher=", "hydra/sweeper=")) for word in command.words):
        from mlops.flow.hydra_sweep import hydra_sweep

        return hydra_sweep(command)
    jobs = _checked(command)
    if not isinstance(jobs[0].part("flow"), Run):
        raise _not_swept(command.verb)
    screen, tracker = jobs[0].part("ui"), jobs[0].part("tracker")
    tracker.open(jobs[0].outputs)
    try:
        result = _all(jobs, screen, tracker)
    finally:
        delivery = tracker.close()
    result = replace(result, delivery=delivery)
    screen.show(result)
    return result


def _checked(command: Command) -> list[Job]:
    jobs, problems = [], []
    for words in combinations(command.words, catalogue()):
        try:
            jobs.append(job_of(command, words))
        except MlopsError as error:
            problems += [each for each in error.problems if each not in problems]
    if problems:
        raise MlopsError(*problems)
    return jobs


def _all(jobs: list[Job], screen: Any, tracker: Any) -> Result:
    began = time.perf_counter()
    parent = new_run_folder(jobs[0].outputs, "sweep")
    start_ms = int(time.time() * 1000)
    varied = varying(jobs)
    results: list[Result] = []
    for number, job in enumerate(jobs, start=1):
        said = " ".join(f"{key}={_value(job, key)}" for key in varied) or job.name
        screen.step(f"job {number}/{len(jobs)}", said)
        result = _one(job, tracker, parent.key)
        results.append(result)
        step = Step(
            name=f"job {number}/{len(jobs)}",
            status={"passed": "done"}.get(result.outcome, result.outcome),
            says=f"{said}: {_told(result)}",
            seconds=result.seconds,
        )
        screen.done(step)
    rows = [_row(job, result, varied) for job, result in zip(jobs, results, strict=True)]
    record = Record(
        key=parent.key,
        experiment=jobs[0].name,
        run_name=f"sweep of {len(jobs)} {parent.key}",
        status="FINISHED",
        start_ms=start_ms,
        end_ms=int(time.time() * 1000),
        tags={"mlops.sweep": str(len(jobs)), "mlops.varied": " ".join(varied)},
    )
    tracker.submit(record)
    parent.path.joinpath("result.json").write_text("")
    result = _summary(rows, results, parent.path, jobs[0], time.perf_counter() - began)
    parent.path.joinpath("result.json").write_text(result.to_json())
    return result


def _one(job: Job, tracker: Any, parent_key: str) -> Result:
    """One job, whose failure is told and does not stop the others."""
    from dataclasses import asdict

    job._parts["ui"] = Silent()
    began = time.perf_counter()
    try:
        return carry_out(job, tracker, parent_key)
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


def varying(jobs: list[Job]) -> list[str]:
    """Keys whose words differ between the jobs, in the order typed."""
    keys: dict[str, set[str]] = {}
    for job in jobs:
        for word in job.words:
            key, _, value = word.partition("=")
            keys.setdefault(key.lstrip("+"), set()).add(value)
    return [key for key, values in keys.items() if len(values) > 1]


def _value(job: Job, key: str) -> str:
    for word in reversed(job.words):
        if word.lstrip("+").startswith(f"{key}="):
            return word.partition("=")[2]
    return "-"


def _told(result: Result) -> str:
    if result.problems:
        return f"{result.problems[0]['code']}: {result.problems[0]['says']}"
    primary = result.metrics[0]
    return f"{primary['name']} {primary['value']:.4g}, {result.outcome}"


def _row(job: Job, result: Result, varied: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {key: _value(job, key) for key in varied}
    for metric in result.metrics[:1]:
        row |= {"metric": metric["name"], "test": metric["value"], "baseline": metric["baseline"]}
    row |= {"outcome": result.outcome, "seconds": round(result.seconds, 2), "run": result.key}
    return row


def _summary(
    rows: list[dict[str, Any]], results: list[Result], folder: Any, job: Job, seconds: float
) -> Result:
    ranked = [row for _, row in sorted(enumerate(rows), key=lambda pair: _rank(pair, results))]
    codes = {result.exit_code for result in results}
    failed = sum(result.outcome == "failed" for result in results)
    near = folder.relative_to(job.project) if folder.is_relative_to(job.project) else folder
    return Result(
        outcome="done" if not failed else "failed",
        exit_code=codes.pop() if len(codes) == 1 else (SWEEP if failed else max(codes)),
        name=job.name,
        folder=str(near),
        problems=tuple(each for result in results for each in result.problems),
        details={
            "says": f"{len(rows) - failed} of {len(rows)} jobs ran",
            "rows": ranked,
            "jobs": [{"key": each.key, "folder": each.folder} for each in results],
        },
        seconds=round(seconds, 3),
    )


def _rank(pair: tuple[int, dict[str, Any]], results: list[Result]) -> tuple[Any, ...]:
    """Jobs of one name and metric together, the best first; the failed last."""
    number, row = pair
    result = results[number]
    if not result.metrics:
        return (1, "", "", 0.0, number)
    primary = result.metrics[0]
    value = primary["value"] if primary["value"] == primary["value"] else float("inf")
    signed = -value if primary["greater_is_better"] else value
    return (0, result.name, primary["name"], signed, number)


def _not_swept(verb: str) -> MlopsError:
    return fail(
        "verb-not-swept",
        f"mlops {verb} does one thing; -m runs many.",
        where="command line, -m",
        found=verb,
        accepted="run (no verb)",
        next_step=f"leave out -m, or `{verb}`",
    )
