"""What a parser's error means to the caller; the error's own text may hold what was sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from mlops.serving.refusal import Refusal, refused

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# Its own sentences, which stand at the beginning, and the place at the end: what was sent may stand
# between them, and may look like either.
_PLACE = re.compile(r".* - at `\$\.?(.*)`$", re.DOTALL)
_NAMED = re.compile(r"Object (missing required|contains unknown) field `(.*?)`", re.DOTALL)
_TOO_LARGE = "Number out of range"
_BYTE = re.compile(r"byte (\d+)")
_KIND = re.compile(r"Expected `([^`]*)`(?: of length ([<>]= \d+))?")
_WORDS = {
    "array": "a list",
    "bool": "a boolean",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a text",
}


def decoded(body: bytes, decoder: Callable[[bytes], Any], key: str = "") -> Any:
    """What `decoder` makes of `body`; `key` is the one key that is accepted, if there is one.

    Raises
    ------
    Refusal
        It is no JSON, or not of the decoder's type.

    Examples
    --------
    >>> decoded(b'{"a": 1', msgspec.json.decode)
    Traceback (most recent call last):
    mlops.serving.refusal.Refusal: The body is no JSON. Accepted: JSON in UTF-8, without NaN ...
    """
    try:
        return decoder(body)
    except UNREADABLE as error:
        raise refusal(_first(error, body), key) from None


def _first(error: Exception, body: bytes) -> Exception:
    """What is wrong first: a parser that finds another kind looks at no text of it."""
    try:
        body.decode()
    except UnicodeDecodeError as undecodable:
        return undecodable
    return error


def refusal(error: Exception, key: str = "") -> Refusal:
    """The refusal that tells what a parser's `error` was about."""
    text = str(error)
    if isinstance(error, RecursionError):
        return refused("too-deep", "The JSON is nested too deeply.", accepted="fewer levels")
    if not isinstance(error, msgspec.ValidationError):
        at = _BYTE.search(text) if isinstance(error, msgspec.DecodeError) else None
        where = f" at byte {at[1]}" if at else ""
        accepted = "JSON in UTF-8, without NaN and Infinity"
        return refused("invalid-json", f"The body is no JSON{where}.", accepted=accepted)
    place = _PLACE.match(text)
    path = shown(place[1]) if place else ""
    if named := _NAMED.match(text):
        path = f"{path}.{shown(named[2])}".strip(".")
        accepted = f"the key {key}" if key else ""
        if named[1].startswith("missing"):
            return refused("key-missing", "A key is missing.", path, accepted)
        return refused("key-unknown", "This key is not known.", path, accepted)
    if is_too_large(error):
        return refused("value-range", "A number is too large.", path, "a finite number")
    return refused("value-type", "This is of another kind.", path, _expected(text))


def unknown_field(error: Exception) -> str:
    """The name of the key that was too many; empty where that was not the problem."""
    named = _NAMED.match(str(error))
    return named[2] if named and named[1].endswith("unknown") else ""


def is_too_large(error: Exception) -> bool:
    """Whether a number was too large to be one."""
    return str(error).startswith(_TOO_LARGE)


def _expected(text: str) -> str:
    """What was accepted, in plain words."""
    found = _KIND.match(text)
    if not found:
        return ""
    kinds = " or ".join(_WORDS.get(kind, kind) for kind in found[1].split(" | "))
    return f"{kinds} of length {found[2]}" if found[2] else kinds


def shown(name: str) -> str:
    """A name that a caller made up, if it is fit to be shown.

    >>> shown("age"), shown("a" * 99)[:20]
    ('age', '(a name of 99 charac')
    """
    fit = len(name) <= 64 and name.isprintable()
    return name if fit else f"(a name of {len(name)} characters)"
