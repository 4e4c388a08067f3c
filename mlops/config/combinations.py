"""Which jobs a sweep has: Hydra's grammar, every combination in the order typed."""

from __future__ import annotations

import itertools

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException

from mlops.config.catalogue import Catalogue
from mlops.config.compose import loader
from mlops.config.words import bounded, place, unreadable
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
            if problem := _endless(override, ends) or _reversed(override):
                problems.append(problem)
                continue
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


def _endless(override: Override, ends: bool) -> Problem | None:
    """What is wrong with an interval where every value is to be tried."""
    sweep = override.value()
    if ends or not isinstance(sweep, IntervalSweep):
        return None
    instead = f"choice({sweep.start:g},{sweep.end:g})"
    return Problem(
        code="interval-without-sampler",
        says="An interval has no end of values: a sweep cannot have one job for each.",
        where=place(str(override.input_line)),
        found=_typed(override),
        accepted="choice(…) or range(…); an interval with hydra/sweeper=optuna, which picks",
        closest=instead,
        next_step=f"add hydra/sweeper=optuna, or write '{override.get_key_element()}={instead}'",
    )


def _reversed(override: Override) -> Problem | None:
    """What is wrong with a range that has no value, or no end of them."""
    sweep = override.value()
    if not isinstance(sweep, RangeSweep):
        return None
    assert sweep.start is not None
    assert sweep.stop is not None
    if (sweep.stop - sweep.start) * sweep.step > 0:
        return None
    low, high = sorted([sweep.start, sweep.stop])
    step = f",{abs(sweep.step)}" if abs(sweep.step) not in (0, 1) else ""
    instead = f"range({low},{high}{step})" if low < high else ""
    return Problem(
        code="sweep-size",
        says=f"{override.key_or_group} has no value: the sweep has no job.",
        where=place(str(override.input_line)),
        found=_typed(override),
        accepted="range(FIRST,END) or range(FIRST,END,STEP), where STEP leads from FIRST to END",
        closest=instead,
        next_step=f"write '{override.get_key_element()}={instead or 'range(FIRST,END)'}'",
    )


def _typed(override: Override) -> str:
    return str(override.input_line).partition("=")[2][:120]
