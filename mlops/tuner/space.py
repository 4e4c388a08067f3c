"""The search space: Hydra's sweep syntax read into plain dimensions that any tuner can use."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops.core.errors import MlopsError, closest, fail

ACCEPTED = "choice(a, b), range(start, stop, step) or interval(low, high), tag(log, ...) around it"
CALLS, TAGS = ("choice", "range", "interval", "tag", "int", "float", "sort"), ("log", "int")
_CALL = re.compile(r"\b[a-z]\w*(?=\()")
_TAGS = re.compile(r"(?<=tag\()[\w\s,]+(?=,\s*\w+\()")
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_ENDS = re.compile(rf"\b(interval|range)\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")
_EMPTY = re.compile(r"\bchoice\(\s*\)")


@dataclass(frozen=True)
class Choice:
    """A list of values: ``choice(a, b)``, or ``a,b`` where null is one of them.

    Parameters
    ----------
    key : str
        Full configuration key.
    values : tuple
        At least one, no two alike, in the order written.
    """

    key: str
    values: tuple[Any, ...]

    def grid(self, points: int) -> tuple[Any, ...]:
        """All values, however many `points` an interval has."""
        return self.values


@dataclass(frozen=True)
class Range:
    """Equal steps: ``range(start, stop, step)``; `stop` itself is not reached.

    Parameters
    ----------
    key : str
    start, stop, step : int or float
    log : bool
        A hint for samplers: small values matter as much as large ones.
    """

    key: str
    start: float
    stop: float
    step: float
    log: bool = False

    def __len__(self) -> int:
        return max(0, math.ceil(round((self.stop - self.start) / self.step, 9)))

    def grid(self, points: int) -> tuple[Any, ...]:
        """Every step; of more than four times `points`, as many as an interval has.

        >>> Range("model.depth", 1, 5, 1).grid(3), Range("model.leaves", 0, 101, 1).grid(3)
        ((1, 2, 3, 4), (0, 50, 100))
        """
        last = len(self) - 1
        steps = range(len(self))
        if points > 1 and len(self) > 4 * points:
            steps = [position * last // (points - 1) for position in range(points)]  # type: ignore[assignment]
        return tuple(self.start + position * self.step for position in steps)


@dataclass(frozen=True)
class Interval:
    """Everything from `low` to `high`, both included.

    Parameters
    ----------
    key : str
    low, high : float
    log : bool
        Even on a logarithmic scale.
    integer : bool
        Whole numbers only: ``int(interval(1, 9))`` or ``tag(int, interval(1, 9))``.
    """

    key: str
    low: float
    high: float
    log: bool = False
    integer: bool = False

    def grid(self, points: int) -> tuple[Any, ...]:
        """Evenly spaced values, log-spaced where `log`; the ends are exact.

        >>> Interval("model.alpha", 0.01, 100.0, log=True).grid(3)
        (0.01, 1.0, 100.0)
        >>> Interval("model.depth", 1, 4, integer=True).grid(9)
        (1, 2, 3, 4)
        """
        shares = [position / (points - 1) for position in range(points)]
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            inner = [math.exp(low + share * (high - low)) for share in shares[1:-1]]
        else:
            inner = [self.low + share * (self.high - self.low) for share in shares[1:-1]]
        values = [self.low, *(float(f"{value:.12g}") for value in inner), self.high]
        if self.integer:
            values = [round(value) for value in values]
        return tuple(dict.fromkeys(values))


Dimension = Choice | Range | Interval


def dimension(key: str, text: Any) -> Dimension:
    """Read one entry.

    Raises
    ------
    MlopsError
        The text is no sweep, is empty or reversed, or has a logarithm of zero or less.
    """
    sweep = _parsed(key, text)
    kind = type(sweep).__name__
    strange = set(getattr(sweep, "tags", ())) - {*TAGS}
    if strange or getattr(sweep, "shuffle", False):
        raise _refused(key, text, "Only the tags log and int mean something here.")
    if kind == "ChoiceSweep":
        return Choice(key, tuple(_distinct(_plain(each, key, text) for each in sweep.list)))
    if kind == "RangeSweep":
        return _range(key, text, sweep)
    if kind == "IntervalSweep":
        return _interval(key, text, sweep)
    raise _refused(key, text, "This is one value, or a pattern, and nothing to search.")


def _parsed(key: str, text: Any) -> Any:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if not isinstance(text, str):
        raise _refused(key, text, "A search space entry is a text.")
    try:
        return OverridesParser.create().parse_override(f"value={text}").value()
    except HydraException as error:
        said = str(error).splitlines()[0]
        hint = " (null cannot stand in choice(); write 5,10,null)" if "NoneType" in said else ""
        is_empty = _EMPTY.search(text)
        raise _refused(
            key, text, "It has no values." if is_empty else f"This cannot be read{hint}."
        ) from error


def _range(key: str, text: str, sweep: Any) -> Range:
    if sweep.start is None or sweep.stop is None or not sweep.step:
        raise _refused(key, text, "A range needs a start, a stop and a step that is not 0.")
    read = Range(key, sweep.start, sweep.stop, sweep.step, "log" in sweep.tags)
    if not len(read):
        where = "is" if sweep.start == sweep.stop else "lies before"
        raise _refused(key, text, f"This range is empty: its stop {where} its start.")
    if read.log and min(read.grid(0)) <= 0:
        raise _refused(key, text, "A logarithmic range has to lie above 0.")
    return read


def _interval(key: str, text: str, sweep: Any) -> Interval:
    low, high, log = sweep.start, sweep.end, "log" in sweep.tags
    if low is None or high is None or not low < high or math.isinf(high - low):
        raise _refused(key, text, "An interval runs from a lower to a higher finite number.")
    if log and low <= 0:
        raise _refused(key, text, "A logarithmic interval has to lie above 0.")
    # int(interval(1, 9)) arrives with whole bounds; without it Hydra makes floats of them.
    integer = "int" in sweep.tags or isinstance(low, int)
    if integer and (low != int(low) or high != int(high)):
        raise _refused(key, text, "An interval of whole numbers has whole bounds.")
    if integer:
        low, high = int(low), int(high)
    return Interval(key, low, high, log, integer)


def _plain(value: Any, key: str, text: str) -> Any:
    """Quoted strings become strings, at any depth."""
    if type(value).__name__ == "QuotedString":
        return value.text
    if isinstance(value, list):
        return [_plain(each, key, text) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each, key, text) for name, each in value.items()}
    if type(value).__name__.endswith("Sweep"):
        raise _refused(key, text, "A sweep cannot stand inside a list of values.")
    return value


def _distinct(values: Iterator[Any]) -> list[Any]:
    """Without repetitions; true and 1 are two values."""
    kept: dict[str, Any] = {}
    for value in values:
        kept.setdefault(repr(value), value)
    return list(kept.values())


def _refused(key: str, text: Any, says: str) -> MlopsError:
    near = nearest(text) if isinstance(text, str) else ""
    return fail(
        "bad-space",
        f"The search space of {key} cannot be used: {says[0].lower()}{says[1:]}",
        where=f"tuner.space.{key}",
        found=str(text),
        accepted=ACCEPTED,
        closest=near,
        next_step=f"write {near}"
        if near
        else f"correct _space_ of the option, or tuner.space, for {key}",
    )


def nearest(text: str) -> str:
    """`text` with its words spelled, or else its ends placed, as they may be; empty if none is.

    >>> nearest("tag(lgo, intervall(1, 9))"), nearest("interval(5, 1)"), nearest("7")
    ('tag(log, interval(1, 9))', 'interval(1, 5)', '')
    """
    spelled = _CALL.sub(lambda match: closest(match[0], CALLS) or match[0], text)
    spelled = _TAGS.sub(lambda match: _spelled(match[0]), spelled)
    ends = _ENDS.search(text)
    if spelled == text and ends and float(ends[2]) > float(ends[3]):
        spelled = text.replace(ends[0], f"{ends[1]}({ends[3]}, {ends[2]})")
    if spelled == text:
        return ""
    try:
        dimension("", spelled)
    except MlopsError:
        return ""
    return spelled


def _spelled(tags: str) -> str:
    return re.sub(r"\w+", lambda match: closest(match[0], TAGS) or match[0], tags)


def merged(space: Mapping[str, str], own: Mapping[str, Any]) -> dict[str, str]:
    """`space`, with what `own` (nested or dotted) adds, replaces and, by null, takes out.

    >>> merged({"model.a": "choice(1, 2)", "model.b": "choice(3)"}, {"model": {"a": None}})
    {'model.b': 'choice(3)'}
    """
    whole = {**space, **dict(_dotted(own))}
    return {key: text for key, text in whole.items() if text is not None}


def _dotted(space: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in space.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
