"""Text fit for a terminal: no control characters, numbers at one precision, lines that fit."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from typing import Any

STRANGE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # control, invisible, private, line separators
PLAIN = {
    "✓": "+", "✗": "x", "…": "...", "–": "-", "−": "-", "—": "-", "×": "x", "±": "+/-", "²": "2",
    "≤": "<=", "≥": ">=", "→": "->", "·": "-", "’": "'", "“": '"', "”": '"', "↻": "=",
    "└": "`", "├": "|", "│": "|", "─": "-",
}  # fmt: skip


def clean(text: Any) -> str:
    r"""Make a text harmless: escape sequences, line breaks and invisible characters become ``·``.

    >>> clean("a\x1b[31mb\nc")
    'a·[31mb·c'
    """
    text = str(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join("·" if unicodedata.category(each) in STRANGE else each for each in text)


def encodable(text: str, encoding: str | None) -> str:
    """Replace what `encoding` does not have: signs by ASCII look-alikes, the rest by ``?``.

    >>> encodable("✓ 1 ± 0", "ascii")
    '+ 1 +/- 0'
    """
    encoding = encoding or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        plain = "".join(PLAIN.get(each, each) for each in text)
        return plain.encode("ascii", "replace").decode("ascii")
    return text


def number(value: Any) -> str:
    """A number to four digits; ``–`` for none.

    >>> number(0.123456), number(12345.6), number(None), number(3)
    ('0.1235', '12,346', '–', '3')
    """
    if isinstance(value, str):
        return clean(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return clean(value)
    if isinstance(value, int) or 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:#.4g}".rstrip(".") if 1e-4 <= abs(value) < 1000 else f"{value:.4g}"


def like(value: float | None, other: float) -> str:
    """A number with as many decimals as fit `other`: the numbers of one row, on one scale.

    >>> like(4.96812, 23.7169), like(-0.0031, 0.7193), like(12345.6, 23456.7)
    ('4.97', '-0.003', '12,346')
    """
    size = abs(other)
    if value is None or not (1e-4 <= size < 1e9 and abs(value) < 1e12):
        return number(value)
    magnitude = math.floor(math.log10(size))
    decimals = max(0, 3 - max(magnitude, 0)) if size >= 0.01 else 2 - magnitude
    return f"{value:,.{decimals}f}"


def wrapped(text: str, width: int) -> list[str]:
    """The lines of `text`, none longer than `width`; at least one."""
    if len(text) <= width and text == text.strip():  # most are: a long table is laid out at once
        return [text]
    return textwrap.wrap(text, max(width, 10), break_on_hyphens=False) or [""]


def clipped(text: str, width: int) -> str:
    """The text, cut with ``…`` where it is longer than `width`."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
