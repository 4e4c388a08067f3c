"""Which jobs a sweep has: Hydra's grammar, every combination in the order typed."""

from __future__ import annotations

import itertools

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException

from mlops.config.catalogue import Catalogue
from mlops.config.compose import loader
from mlops.config.words import bounded, unreadable
from mlops.core.errors import MlopsError, Problem, fail

MOST_JOBS = 10_000


def combinations(words: tuple[str, ...], catalogue: Catalogue) -> list[tuple[str, ...]]:
    """The words of each job: ``model=a,b seed=0,1`` gives four.

    Raises
    ------
    MlopsError
        Words that Hydra cannot read, an empty choice, or more than ten thousand jobs.
    """
    axes = _axes(words, catalogue)
    count = 1
    for axis in axes:
        count *= len(axis)
    if not 0 < count <= MOST_JOBS:
        raise fail(
            "sweep-size",
            "The sweep has no job." if not count else "The sweep is too large.",
            where="command line, -m",
            found=f"{count:,} jobs",
            accepted=f"1 to {MOST_JOBS:,} jobs",
            next_step="name values that exist" if not count else "sweep over fewer values",
        )
    return list(itertools.product(*axes))


def samples(words: tuple[str, ...], catalogue: Catalogue) -> list[tuple[str, ...]]:
    """The words of jobs that between them have every choice, and both ends of every interval.

    What a study will ask for is not known before it does; what these jobs have nothing against,
    any job of the sweep can be made of.

    Raises
    ------
    MlopsError
        As :func:`combinations`.
    """
    axes = _axes(words, catalogue, ends=True)
    first = [axis[0] for axis in axes if axis]
    if len(first) < len(axes):
        return combinations(words, catalogue)  # which tells the empty axis
    others = [
        (*first[:at], word, *first[at + 1 :]) for at, axis in enumerate(axes) for word in axis[1:]
    ]
    return [tuple(first), *others]


def _axes(words: tuple[str, ...], catalogue: Catalogue, *, ends: bool = False) -> list[list[str]]:
    """The words that each word stands for; with `ends`, an interval for its two ends."""
    parser = OverridesParser.create(config_loader=loader(catalogue))
    problems: list[Problem] = []
    axes: list[list[str]] = []
    for word in words:
        try:
            bounded(word)
            override = parser.parse_overrides([word])[0]
            key = override.get_key_element()
            values = _values(override, ends)
        except (HydraException, RecursionError, ValueError, OverflowError) as error:
            problems.append(unreadable(word, error))
            continue
        axes.append([word] if values is None else [f"{key}={value}" for value in values])
    if problems:
        raise MlopsError(*problems)
    return axes


def _values(override: Override, ends: bool) -> list[str] | None:
    """The values of one axis, cut after more than any sweep may have; None if it is no axis."""
    if not override.is_sweep_override():
        return None
    sweep = override.value()
    if ends and isinstance(sweep, IntervalSweep):
        return [str(sweep.start), str(sweep.end)]
    return list(itertools.islice(override.sweep_string_iterator(), MOST_JOBS + 1))
