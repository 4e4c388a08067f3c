"""What a sweep searches: Hydra's words, and the two forms of the settings, as distributions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
    Transformer,
)
from hydra.errors import HydraException

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

from mlops.config.sweeper.refusal import bad_space

SPECIAL = frozenset(",()[]{}")
PARAMS, OLDER = "hydra.sweeper.params", "hydra.sweeper.search_space"


@dataclass
class Space:
    """Keys that are searched, and words that are the same for every job.

    Parameters
    ----------
    searched : dict of str to BaseDistribution
        In the order first named.
    fixed : dict of str to str
    """

    searched: dict[str, BaseDistribution] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)

    def add(self, words: Iterable[str]) -> None:
        """Take in words of Hydra's grammar; of two for one key the later one holds.

        Raises
        ------
        hydra.errors.HydraException
            A word cannot be read.
        BadSweep
            A range or an interval is empty or reversed, or has the logarithm of zero.
        """
        for override in OverridesParser.create().parse_overrides(list(words)):
            key = str(override.get_key_element())
            self.searched.pop(key, None)
            self.fixed.pop(key, None)
            if override.is_sweep_override():
                with _told_of(key, (override.input_line or "").partition("=")[2]):
                    self.searched[key] = _distribution(override)
            else:
                self.fixed[key] = str(override.get_value_element_as_str())

    def add_older(self, search_space: Mapping[str, Mapping[str, Any]]) -> None:
        """Take in the older form: key to ``{type, low, high, step, log, choices}``."""
        for key, about in search_space.items():
            with _told_of(str(key), str(about)):
                self.searched[str(key)] = _of_older(about)

    def grid(self) -> dict[str, list[Any]]:
        """Every value of every key.

        Raises
        ------
        ValueError
            A key has no end of values.
        """
        return {key: _values(key, each) for key, each in self.searched.items()}


def as_words(words: Sequence[str]) -> list[str]:
    """What `words` of the command line search by the sweeper's settings, as words for a sweep.

    One that `words` name themselves is left out, as they win; what cannot be read is left to
    whoever reads the word itself.

    >>> as_words(["seed=1", "hydra.sweeper.params={model.alpha: 'interval(1, 2)'}"])
    ['model.alpha=interval(1, 2)']
    """
    found: dict[str, str] = {}
    named = {word.lstrip("+").partition("=")[0] for word in words}
    for word in words:
        if not word.lstrip("+").startswith((PARAMS, OLDER)):
            continue
        try:
            [override] = OverridesParser.create().parse_overrides([word])
        except HydraException:
            continue
        key, value = str(override.key_or_group), override.value()
        for prefix in (PARAMS, OLDER):
            if key.startswith(f"{prefix}."):
                key, value = prefix, {key.removeprefix(f"{prefix}."): value}
        for name, about in value.items() if isinstance(value, dict) else ():
            is_older = key == OLDER and isinstance(about, dict)
            choices = about.get("choices") if is_older else None
            if key == PARAMS:
                found[name] = str(about)
            elif isinstance(choices, list):
                found[name] = f"choice({','.join(str(_encoded(each)) for each in choices)})"
            elif is_older and {"low", "high"} <= about.keys():
                found[name] = f"interval({about['low']},{about['high']})"
    return [f"{name}={sweep}" for name, sweep in found.items() if name not in named]


@contextmanager
def _told_of(key: str, text: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        lacks = "it lacks " if isinstance(error, KeyError) else ""
        raise bad_space(key, text, f"{lacks}{error}") from error


def _distribution(override: Override) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution

    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        return _interval(sweep)
    if isinstance(sweep, RangeSweep) and not sweep.shuffle:
        return _range(sweep)
    if not isinstance(sweep, (ChoiceSweep, RangeSweep)):
        raise ValueError("glob says no values; write choice(…) with the names")
    return CategoricalDistribution(list(override.sweep_iterator(transformer=_encoded)))


def _encoded(value: Any) -> Any:
    """A value that Hydra's grammar reads as the same again; numbers stay what they are."""
    if isinstance(value, str) and SPECIAL.intersection(value):
        return Transformer.str(value)
    return value if value is None else Transformer.encode(value)


def _interval(sweep: IntervalSweep) -> BaseDistribution:
    low, high, log = sweep.start, sweep.end, "log" in sweep.tags
    assert low is not None
    assert high is not None
    whole = "int" in sweep.tags or (isinstance(low, int) and isinstance(high, int))
    return _numbers(low, high, None, log, whole and "float" not in sweep.tags)


def _range(sweep: RangeSweep) -> BaseDistribution:
    assert sweep.start is not None
    assert sweep.stop is not None
    numbers = (sweep.start, sweep.stop, sweep.step)
    return _numbers(*numbers, False, all(isinstance(each, int) for each in numbers))


def _numbers(
    low: float, high: float, step: float | None, log: bool, whole: bool
) -> BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    if whole:
        return IntDistribution(int(low), int(high), log=log, step=int(step or 1))
    return FloatDistribution(float(low), float(high), log=log, step=step)


def _of_older(about: Mapping[str, Any]) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution

    kind = getattr(about["type"], "name", about["type"])
    if kind == "categorical":
        return CategoricalDistribution([_encoded(each) for each in about["choices"]])
    if kind not in ("int", "float"):
        raise ValueError(f"the type of a search space is int, float or categorical, not {kind}")
    log = bool(about.get("log", False))
    return _numbers(about["low"], about["high"], about.get("step"), log, kind == "int")


def _values(key: str, distribution: BaseDistribution) -> list[Any]:
    """The values of one key in a grid; the upper end of a range is not among them, as in Hydra."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    step = getattr(distribution, "step", None)
    if not isinstance(distribution, (IntDistribution, FloatDistribution)) or step is None:
        raise ValueError(f"a grid needs values that can be counted, and {key} is an interval")
    count = math.floor((distribution.high - distribution.low) / step + 1e-9)
    return [distribution.low + position * step for position in range(count)]
