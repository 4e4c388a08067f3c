"""How one value that was sent becomes what the model learned: a number, a word, a date.

The same readings as :mod:`mlops.core.values`, one value at a time and without pandas. A reader
gives None for what is missing and raises :class:`Unfit` for what cannot be read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mlops.core import values

Reader = Callable[[Any], float | str | None]
ACCEPTED = {
    "number": "a number",
    "words": "a text, a number or a boolean",
    "date": "a date in ISO 8601, e.g. 2024-02-29",
}
FARTHEST = 1.7976931348623157e308


class Unfit(ValueError):
    """A value that is not of its column's kind; `code` is one of the codes of refusals."""

    def __init__(self, code: str = "value-type") -> None:
        super().__init__(code)
        self.code = code


def number(value: Any) -> float | None:
    """A JSON number; not its text, and no boolean.

    >>> number(3), number(float("nan"))
    (3.0, None)
    """
    if type(value) is int:
        if not -FARTHEST <= value <= FARTHEST:
            raise Unfit("value-range")
        return float(value)
    if type(value) is not float:
        raise Unfit
    if value != value:
        return None
    if not -FARTHEST <= value <= FARTHEST:
        raise Unfit("value-range")
    return value


def number_in_text(value: Any) -> float | None:
    """A number, or the text of one, where the protocol has nothing but texts.

    >>> number_in_text(" 2.5"), number_in_text("")
    (2.5, None)
    """
    if not isinstance(value, str):
        return number(value)
    text = value.strip()
    if text.lower() in ("", "nan"):
        return None
    if "_" in text or not text.isascii():
        raise Unfit
    try:
        return number(float(text))
    except ValueError:
        raise Unfit from None


def word(value: Any) -> str | None:
    """One spelling for one value, as :func:`mlops.core.values.word` has it.

    >>> word(" a"), word("1.0"), word(1), word(True), word("")
    ('a', '1', '1', 'True', None)
    """
    if type(value) not in (str, bool) and number(value) is None:
        return None
    return values.word(value)


def date(value: Any) -> str | None:
    """A point in time as ISO 8601 without a zone, in UTC.

    >>> date("2024-02-29T01:00:00+01:00"), date("2024-02-29"), date("")
    ('2024-02-29T00:00:00', '2024-02-29T00:00:00', None)
    """
    if type(value) is float and value != value:
        return None
    if type(value) is not str:
        raise Unfit
    text = value.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise Unfit from None
    return moment.isoformat()


READERS: dict[str, Reader] = {"number": number, "words": word, "date": date}


def bounded(reader: Reader, longest: int) -> Reader:
    """`reader`, for texts of at most `longest` characters."""

    def read(value: Any) -> float | str | None:
        if type(value) is str and len(value) > longest:
            raise Unfit("text-too-long")
        return reader(value)

    return read


def in_text(reader: Reader) -> Reader:
    """`reader`, for protocols without types: the text of a number is a number."""
    return number_in_text if reader is number else reader


def unpacked(value: Any) -> Any:
    """Bytes that travel as ``{"b64": ...}`` as text, and lists of one value as that value.

    >>> unpacked({"b64": "YQ=="}), unpacked([3.0]), unpacked("a")
    ('a', 3.0, 'a')
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is dict and value.keys() == {"b64"} and type(value["b64"]) is str:
        try:
            return base64.b64decode(value["b64"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise Unfit from None
    return value
