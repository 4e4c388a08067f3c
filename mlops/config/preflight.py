"""Asks the parts that can answer cheaply whether they could work, before a row is read."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from omegaconf.errors import OmegaConfBaseException

from mlops.config import searched, trust
from mlops.config.origin import origin
from mlops.core.errors import MlopsError, Problem, closest, listed

if TYPE_CHECKING:
    from mlops.config.job import Job


def preflight(job: Job, sound: set[str], bad: set[str]) -> list[Problem]:
    """Problems of the data source, the metrics, the search space and the place of work.

    Parameters
    ----------
    job : Job
    sound : set of str
        Groups whose configuration has no problem; only their parts are made.
    bad : set of str
        Keys of which a problem has been told. Evaluator and tuner are asked without these, so
        that one wrong value hides no other.
    """
    problems: list[Problem] = []
    mended = {group: _mended(job, group, bad) for group in ("evaluator", "tuner")}
    rooms = {group: values for group, values in mended.items() if values is not None}
    job = replace(job, values={**job.values, **rooms}, _parts={})
    sound = sound | rooms.keys()
    columns = _asked(problems, job, "data", lambda part: part.header()) if "data" in sound else None
    if "data" in sound and columns is not None:
        problems += _columns(job, columns, "data.target", [job.values["data"].get("target")])
        problems += _columns(job, columns, "data.roles", job.values["data"].get("roles") or {})
        problems += _tasks(job)
    if "evaluator" in sound:
        _asked(problems, job, "evaluator", lambda part: getattr(part, "check", _nothing)())
        slices = _asked([], job, "evaluator", lambda part: getattr(part, "columns", tuple)())
        if columns is not None:
            problems += _columns(job, columns, "evaluator.slices", slices or ())
    if "tuner" in sound:
        space = job.space
        _asked(problems, job, "tuner", lambda part: getattr(part, "check", _nothing_of)(space))
        ends = _asked([], job, "tuner", lambda part: getattr(part, "ends", _nothing_of)(space))
        problems += [*searched.unknown(job), *searched.too_far(job, ends or {}, bad)]
        problems += _metrics(job) if "evaluator" in sound else []
    if "registry" in sound and job.values["registry"].get("name"):
        _asked(problems, job, "registry", lambda part: part.registers("model", True))
    for group in sorted(sound & {"compute", "registry"}):
        _asked(problems, job, group, lambda part: getattr(part, "check", _nothing)())
    problems += _settings(job, sound)
    for group in sorted(sound - {"data", "evaluator", "tuner", "flow", "ui"}):
        for each in [job, *_candidates(job, group, bad)]:
            if _is_theirs(each, group):
                _asked(problems, each, group, lambda part: None)
    return problems


def _candidates(job: Job, group: str, bad: set[str]) -> Iterator[Job]:
    """The job with each sound option of `group` that its search may choose."""
    for name in job.candidates.get(group, ()):
        if f"{group}={name}" not in bad:
            yield job.with_values({group: name})


def _settings(job: Job, sound: set[str]) -> tuple[Problem, ...]:
    """What the settings of a server refuse: a token; where it was typed would show it."""
    try:
        _ = job.part("serving") if "serving" in sound else None
    except MlopsError as error:
        return error.problems
    return ()


def _is_theirs(job: Job, group: str) -> bool:
    """Whether the part holds a class of the project's own; ours need no making to be known."""
    shipped = trust.shipped(job.composed.catalogue, group)
    return any(str(each) not in shipped for _, each in trust.targets(job.values[group], group))


def _mended(job: Job, group: str, bad: set[str]) -> dict[str, Any] | None:
    """The values of `group`, the wrong ones as its option has them; None if that cannot be."""
    wrong = [key for key in bad if key.startswith(f"{group}.")]
    if not wrong or group in bad or any("._" in key for key in wrong):
        return None
    try:
        own = job.declared(group, job.choices[group])
    except (MlopsError, OmegaConfBaseException):
        return None
    node = copy.deepcopy(job.values[group])
    for key in wrong:
        *way, last = key.split(".")[1:]
        here, there = _below(node, way), _below(own, way)
        if here is None or there is None or there.get(last) == "???":
            return None
        here.pop(last, None)
        here |= {last: there[last]} if last in there else {}
    return node


def _below(node: Any, way: list[str]) -> dict[str, Any] | None:
    for part in way:
        node = node.get(part) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


def _nothing() -> None:
    return None


def _nothing_of(_: Any) -> None:
    return None


def _asked(problems: list[Problem], job: Job, group: str, question: Any) -> Any:
    """What the part of `group` answers; what it refuses is added to `problems`."""
    try:
        return question(job.sketch(group) if group == "tuner" else job.part(group))
    except MlopsError as error:
        problems.extend(_placed(job, each) for each in error.problems)
        return None


def _placed(job: Job, problem: Problem) -> Problem:
    """`problem` with file and line, or the word typed, where it names a key that is set."""
    key = _KEY.match(problem.where)
    if key and key[0].startswith(searched.SPACE):
        return replace(problem, where=searched.written_at(job, key[0].removeprefix(searched.SPACE)))
    found = _set_key(job, key[0], problem.found) if key else ""
    where = origin(job.composed, found) if found else problem.where
    return replace(problem, where=where, says=problem.says[:300], found=problem.found[:300])


def _set_key(job: Job, key: str, word: str = "") -> str:
    """`key` if the configuration has it; else the one that a part within the part has."""
    group, _, rest = key.partition(".")
    inner = [name for name, each in job.values.get(group, {}).items() if isinstance(each, dict)]
    for place in (key, *(f"{group}.{name}.{rest}" for name in inner)):
        node: Any = job.values
        for part in place.split("."):
            node = node.get(part, _ABSENT) if isinstance(node, dict) else _ABSENT
        first = re.split("[.:]", word)[0]  # tells which of the parts within the part is meant
        is_meant = place == key or first in str(node) or first in place.split(".")[2:]
        if node is not _ABSENT and is_meant:
            return place
    return ""


def _tasks(job: Job) -> list[Problem]:
    """Options that do not serve the task, where that is known before the data is read."""
    stated = job.about("data").get("_tasks_") or []
    task = job.values["data"].get("task") or getattr(job.part("data"), "task", None)
    task = task or (stated[0] if len(stated) == 1 else None)
    problems = []
    for group in ("cleaner", "features", "model", "tuner", "evaluator"):
        names = [*job.candidates.get(group, [job.choices[group]])]
        about = [job.composed.catalogue.option(group, each).about for each in names]
        named = listed([f"{group}={each}" for each in names], 6)
        served = dict.fromkeys(each for told in about for each in told.get("_tasks_", [task]))
        if task and task not in served:
            options = job.composed.catalogue.options(group)
            tasks = {each: job.composed.catalogue.option(group, each).about for each in options}
            fit = [each for each in options if task in tasks[each].get("_tasks_", [task])]
            problems.append(
                Problem(
                    code="task-mismatch",
                    says=f"{named} does not serve this data's task.",
                    where=origin(job.composed, group),
                    found=f"{task}, and {named} is for {listed(served)}",
                    accepted=listed([f"{group}={each}" for each in fit], 20),
                    next_step=f"write {group}={fit[0]}" if fit else "state data.task",
                )
            )
    return problems


def _columns(job: Job, columns: list[str], key: str, names: Any) -> list[Problem]:
    return [
        Problem(
            code="unknown-column",
            says=f"{key} names a column that the data does not have.",
            where=origin(job.composed, _set_key(job, key, str(name)) or key),
            found=str(name),
            accepted=listed(columns, 30),
            closest=closest(name, columns),
            next_step=f"write {closest(name, columns) or 'one of the columns'} instead",
        )
        for name in names
        if name is not None and name not in columns
    ]


def _metrics(job: Job) -> Iterator[Problem]:
    """What a tuner is to make better, and no evaluator knows."""
    names = _asked([], job, "evaluator", lambda part: part.names())
    given = job.values["tuner"].get("metrics") or ()
    entries = [given] if isinstance(given, str) else given
    for entry in entries if names else ():
        if not isinstance(entry, str):
            continue  # the tuner tells how a metric is written
        name = entry.split()[0] if entry.split() else ""
        if name not in (*names, "primary", "seconds"):
            nearest = closest(name, names)
            yield Problem(
                code="unknown-metric",
                says=f"There is no metric {name} to search by.",
                where=origin(job.composed, "tuner.metrics"),
                found=name,
                accepted=listed(["primary", *names, "seconds"], 20),
                closest=nearest,
                next_step=f"write {nearest or 'primary'} in tuner.metrics",
            )


_ABSENT = object()
_KEY = re.compile(r"^[a-z_]+(\.\w+)+")
