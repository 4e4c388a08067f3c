"""Keys of the search space against the parts that they belong to, before anything is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlops.config.candidates import FITTED
from mlops.config.origin import origin
from mlops.config.walk import Walk
from mlops.core.errors import Problem, closest, listed

if TYPE_CHECKING:
    from mlops.config.job import Job

SPACE = "tuner.space."
_ABSENT = object()


def unknown(job: Job) -> list[Problem]:
    """Keys of the search space that the configuration does not have."""
    problems = []
    for key in _leaves(job.values["tuner"].get("space") or {}):
        if not _has(job, key):
            nearest = closest(key, job.space)
            room, option = [*key.split("."), ""][:2]
            is_left_out = room in FITTED and option in job.composed.catalogue.options(room)
            why = f"{room}={option} is not chosen" if is_left_out else "no chosen part has that key"
            problems.append(
                Problem(
                    code="unknown-space-key",
                    says=f"{key} cannot be searched: {why}.",
                    where=origin(job.composed, f"tuner.space.{key}"),
                    found=key,
                    accepted=listed([each for each in job.space if "." in each], 20)
                    or "cleaner.…, features.… or model.… keys",
                    closest=nearest,
                    next_step=f"write {nearest}" if nearest else f"remove {key}",
                )
            )
    return problems


def too_far(job: Job, ends: Mapping[str, tuple[Any, ...]], bad: set[str]) -> Iterator[Problem]:
    """What a search could draw, and its key cannot be; one problem for a key.

    Parameters
    ----------
    job : Job
    ends : mapping of str to tuple
        Key of the space to values, each of which is tried as if it had been written.
    bad : set of str
        Keys of which a problem has been told.
    """
    chosen = {"": job}
    for name, values in ends.items():
        room, _, key = name.partition(".")
        option, _, inner = key.partition(".") if room in job.candidates else ("", "", key)
        if not inner or not _has(job, name) or {room, f"{room}={option}"} & bad:
            continue
        choice = f"{room}={option}" if option else ""
        if choice not in chosen:
            chosen[choice] = job.with_values({room: option})
        at = f"{room}.{inner}"
        for value in values:
            wrong = _against(chosen[choice], at, value, bad)
            if wrong:
                cure = f"keep {SPACE}{name} within {wrong.accepted}"
                whole = [round(each) for each in values if isinstance(each, float)]
                if whole and not any(_against(chosen[choice], at, each, bad) for each in whole):
                    near = f"int(interval({whole[0]}, {whole[-1]}))"
                    wrong, cure = replace(wrong, closest=near), f"write '{SPACE}{name}={near}'"
                says = f"What a search would draw cannot be: {wrong.says}"
                yield replace(wrong, says=says, where=written_at(job, name), next_step=cure)
                break


def _against(job: Job, key: str, value: Any, bad: set[str]) -> Problem | None:
    """What there is against one value."""
    drawn = job.with_values({key: value})
    return next(Walk(drawn.composed, drawn.values, {*bad}).group(key.partition(".")[0]), None)


def written_at(job: Job, key: str) -> str:
    """Where the search space of `key` is written: ``tuner.space``, or the option it is of."""
    if key in _leaves(job.values["tuner"].get("space") or {}):
        return origin(job.composed, f"{SPACE}{key}")
    room, _, rest = key.partition(".")
    name = job.choices.get(room, "")
    if room in job.candidates:
        name, _, rest = rest.partition(".")
    if room not in FITTED or name not in job.composed.catalogue.options(room):
        return f"{SPACE}{key}"
    return job.composed.catalogue.option(room, name).document.at(f"_space_.{rest}")


def _has(job: Job, key: str) -> bool:
    """Whether a part that may be chosen has `key`; with its option's name, where it is searched."""
    room, _, rest = key.partition(".")
    if room not in FITTED or not rest:
        return False
    node: Any = job.candidates.get(room, job.values[room])
    for part in rest.split("."):
        node = node.get(part, _ABSENT) if isinstance(node, dict) else _ABSENT
    is_option = room in job.candidates and "." not in rest
    return node is not _ABSENT and not is_option


def _leaves(space: dict[str, Any], before: str = "") -> Iterator[str]:
    """Full keys of a space, written nested or with dots."""
    for key, value in space.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"
