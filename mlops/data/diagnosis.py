"""Why a CSV file could not be read: a slow second look, after the fast reader gave up."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path

from mlops.core.errors import fail
from mlops.data.dialect import Dialect, wrong_encoding

LINES_NAMED = 5
MOST_CHARACTERS = 2**31 - 1


def diagnosed(
    file: Path, path: str, dialect: Dialect, encoding: str, max_field_kb: float
) -> Exception:
    """The error that tells what is wrong with `file`, and in which line."""
    found = second_look(file, path, dialect, encoding, max_field_kb)
    return found or _broken(path, 1, "no regular CSV")


@contextlib.contextmanager
def _fields_up_to(max_field_kb: float) -> Iterator[None]:
    before = csv.field_size_limit(min(int(max_field_kb * 1024), MOST_CHARACTERS))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def second_look(
    file: Path, path: str, dialect: Dialect, encoding: str, max_field_kb: float
) -> Exception | None:
    """Read `file` line by line and strictly; None if it is as it should be."""
    found: list[str] = []
    fields = len(dialect.names)
    with file.open(encoding=encoding, newline="") as opened, _fields_up_to(max_field_kb):
        reader = csv.reader(opened, delimiter=dialect.separator, strict=True)
        start = 1  # of the record: the line to look at if a quote is never closed
        try:
            for record in reader:
                if record and len(record) != fields:
                    found.append(f"line {start} has {_count(len(record))}")
                if len(found) == LINES_NAMED:
                    break
                start = reader.line_num + 1
        except UnicodeError:
            return _encoding(file, path, encoding)
        except csv.Error as error:
            if "field larger than" in str(error):
                return too_long(path, f"line {start}", f"{max_field_kb:g} KB")
            return _broken(path, start, str(error))
    return ragged(path, fields, found) if found else None


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"


def ragged(path: str, fields: int, found: list[str]) -> Exception:
    """The error for lines with more or fewer fields than the header."""
    return fail(
        "ragged-rows",
        "Lines of the data file have another number of fields than its header.",
        where=f"data.path={path}, {found[0].partition(' has')[0]}",
        found="; ".join(found) + (" and perhaps more" if len(found) == LINES_NAMED else ""),
        accepted=f"{_count(fields)} in every line, as in the header",
        next_step="mend these lines; a separator inside a value needs quotes around the value",
    )


def _encoding(file: Path, path: str, encoding: str) -> Exception:
    """Name the line; encodings of several bytes a letter are told from the start of the file."""
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return wrong_encoding(line, path, encoding, number)
    return wrong_encoding(b"", path, encoding, 1)


def _broken(path: str, line: int, reason: str) -> Exception:
    unclosed = "unexpected end of data" in reason
    return fail(
        "csv-broken",
        "The data file is no regular CSV file.",
        where=f"data.path={path}, line {line}",
        found="a quote that is opened and never closed" if unclosed else reason,
        accepted='values with separators, quotes or line ends in double quotes, quotes as ""',
        next_step="mend the quotes, or export the file again",
    )


def too_long(path: str, place: str, limit: str) -> Exception:
    """The error for a field that is longer than allowed."""
    return fail(
        "field-too-long",
        "A field of the data file is too long.",
        where=f"data.path={path}, {place}",
        found=f"a field of more than {limit}",
        accepted="fields of at most data.max_field_kb",
        next_step="look for a missing closing quote before that place, or raise data.max_field_kb",
    )
