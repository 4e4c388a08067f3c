"""How a CSV file is written: its header, its separator. Looks at the first mebibyte only."""

from __future__ import annotations

import codecs
import csv
import encodings.aliases
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mlops.core.errors import closest, fail, listed

SEPARATORS = (",", ";", "\t", "|")
SAMPLE_BYTES = 1 << 20
ROWS_LOOKED_AT = 50
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Dialect:
    """What the start of a file says.

    Parameters
    ----------
    separator : str
    names : tuple of str
        The header, blanks around names removed; a column without a name is ``unnamed_1``, ….
    header_lines : int
        Lines of the file before the first row.
    has_rows : bool
        Whether anything follows the header.
    """

    separator: str
    names: tuple[str, ...]
    header_lines: int
    has_rows: bool


def read_dialect(file: Path, path: str, *, separator: str | None, encoding: str) -> Dialect:
    """Read header and separator of `file`.

    Parameters
    ----------
    separator : str or None
        None: the one of ``, ; tab |`` that cuts header and first rows into equally many fields.

    Raises
    ------
    MlopsError
        Unknown or wrong encoding, no header, one column only, two columns of one name.
    """
    text = _sample(file, path, encoding)
    chosen = separator or _sniffed(text)
    names, lines, has_rows = _header(text, chosen, path)
    if len(names) < 2:
        raise _one_column(text, chosen, path, names)
    named = tuple(name.strip() or f"unnamed_{number}" for number, name in enumerate(names, 1))
    _refuse_twice(named, path)
    return Dialect(chosen, named, lines, has_rows)


def _sample(file: Path, path: str, encoding: str) -> str:
    with file.open("rb") as opened:
        raw = opened.read(SAMPLE_BYTES)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(raw)
    except LookupError:
        raise fail(
            "encoding-unknown",
            "There is no such encoding.",
            where="data.encoding",
            found=encoding,
            accepted="a name that Python knows, e.g. utf-8, cp1252, latin-1, utf-16",
            closest=closest(encoding, encodings.aliases.aliases),
            next_step="correct data.encoding, or leave it out (utf-8)",
        ) from None
    except UnicodeError:
        raise wrong_encoding(raw, path, encoding, line=1) from None
    if "\0" in text:
        raise wrong_encoding(raw, path, encoding, line=text[: text.index("\0")].count("\n") + 1)
    return text.removeprefix("\ufeff")


def wrong_encoding(raw: bytes, path: str, encoding: str, line: int) -> Exception:
    """The error for bytes that `encoding` cannot read; `line` is where to begin to look."""
    for number, each in enumerate(raw.split(b"\n"), line):
        try:
            each.decode(encoding)
        except UnicodeError:
            line = number
            break
    marked = [name for mark, name in BYTE_ORDER_MARKS.items() if raw.startswith(mark)]
    near = marked[0] if marked else ("" if b"\0" in raw else "cp1252")
    return fail(
        "encoding-wrong",
        "The data file is not text in that encoding.",
        where=f"data.path={path}, line {line}",
        found=f"bytes that are no {encoding}",
        accepted="one encoding for the whole file, named by data.encoding",
        closest=near,
        next_step=f"data.encoding={near or 'NAME'}, or write the file as utf-8",
    )


def _records(text: str, separator: str) -> list[list[str]]:
    """The first complete records of the sample; the last one may be cut off and is left out."""
    records = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            records += [record] if record else []
            if len(records) > ROWS_LOOKED_AT:
                break
    except csv.Error:
        pass
    return records[:-1] if len(records) > 1 and len(text) >= SAMPLE_BYTES // 4 else records


def _sniffed(text: str) -> str:
    """The separator with the most columns among those that cut all rows alike."""

    def fit(separator: str) -> tuple[float, int]:
        records = _records(text, separator)
        wide = len(records[0]) if records else 0
        alike = sum(len(record) == wide for record in records)
        return (alike / len(records) if wide > 1 else 0.0, wide)

    return max(SEPARATORS, key=fit)


def _header(text: str, separator: str, path: str) -> tuple[list[str], int, bool]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = next((record for record in reader if record), [])
    except csv.Error:
        raise fail(
            "field-too-long",
            "The first line of the data file is no header.",
            where=f"data.path={path}, line {reader.line_num}",
            found="a field of more than 131,072 characters",
            accepted="short column names, separated and unquoted or properly quoted",
            next_step="look for a missing closing quote, or at data.separator",
        ) from None
    if not any(name.strip() for name in names):
        raise fail(
            "data-empty",
            "The data file has no header.",
            where=f"data.path={path}",
            found="blank lines only" if not text.strip() else "a header without names",
            accepted="column names in the first line, rows below",
            next_step="write the file again, or choose another one with data.path=FILE",
        )
    lines = reader.line_num
    has_rows = (
        any(line.strip() for line in text.splitlines()[lines:]) or len(text) >= SAMPLE_BYTES // 4
    )
    return names, lines, has_rows


def _one_column(text: str, separator: str, path: str, names: list[str]) -> Exception:
    better = _sniffed(text)
    cuts = max((len(record) for record in _records(text, better)), default=0) > 1
    near = {"\t": "tab"}.get(better, better) if cuts and better != separator else ""
    return fail(
        "one-column",
        "Only one column was found.",
        where=f"data.path={path}, line 1",
        found=f"no {separator!r} in the header",
        accepted="a target and at least one feature, one of , ; tab | between them",
        closest=near,
        next_step=f"data.separator='{near}', or leave it out"
        if near
        else "add columns to learn from; if they are there, state data.separator",
    )


def _refuse_twice(names: tuple[str, ...], path: str) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise fail(
            "duplicate-column",
            "Two columns have one name.",
            where=f"data.path={path}, line 1",
            found=listed(twice),
            accepted="each name once",
            next_step="rename one of them in the file",
        )
