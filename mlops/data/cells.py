"""The cells of a CSV file, as an Arrow table: text, or float64 where that is plain to see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.data.diagnosis import diagnosed, second_look, too_long
from mlops.data.dialect import Dialect

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE_BYTES = 1 << 20
BLOCK_BYTES = 16 << 20


def read_cells(
    file: Path,
    path: str,
    dialect: Dialect,
    *,
    encoding: str,
    decimal: str,
    missing: Sequence[str],
    max_field_kb: float,
) -> pa.Table:
    """Read all rows of `file`.

    Columns that begin with fractions are read as numbers at once; if one turns out to hold
    something else, all are read as text. Blanks around text go, what stands for missing is null.

    Raises
    ------
    MlopsError
        A line is not as the others, a field is too long, bytes are no text; the line is named.
    """
    import pyarrow as pa
    from pyarrow import csv

    quotes = _quotes(file)
    parse = csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=quotes > 0)

    def options(block: int, floats: Sequence[str]) -> tuple[Any, Any, Any]:
        types = {name: pa.float64() if name in floats else pa.string() for name in dialect.names}
        read = csv.ReadOptions(
            column_names=list(dialect.names), skip_rows=dialect.header_lines,
            encoding=encoding, block_size=block,
        )  # fmt: skip
        convert = csv.ConvertOptions(
            column_types=types, null_values=list(missing), decimal_point=decimal
        )
        return read, parse, convert

    def read(floats: Sequence[str]) -> pa.Table:
        return csv.read_csv(file, *options(BLOCK_BYTES, floats))

    try:
        with csv.open_csv(file, *options(SAMPLE_BYTES, [])) as sample:
            floats = _fractions(sample.read_next_batch(), decimal)
    except (pa.ArrowInvalid, UnicodeError, StopIteration):
        floats = []
    try:
        try:
            table = read(floats)
        except pa.ArrowInvalid:
            table = read([])
    except (pa.ArrowInvalid, UnicodeError) as error:
        if "straddling" in str(error):
            raise too_long(path, "a row", f"{BLOCK_BYTES >> 20} MB") from None
        raise diagnosed(file, path, dialect, encoding, max_field_kb) from None
    suspicious = quotes % 2 or (quotes and _looks_swallowed(table, dialect.separator))
    if suspicious and (problem := second_look(file, path, dialect, encoding, max_field_kb)):
        raise problem
    return _trimmed(table, path, missing, max_field_kb)


def _quotes(file: Path) -> int:
    """Number of quotes in `file`: without any no value holds a line end."""
    with file.open("rb") as opened:
        return sum(block.count(b'"') for block in iter(lambda: opened.read(SAMPLE_BYTES), b""))


def _looks_swallowed(table: pa.Table, separator: str) -> bool:
    """True if a value may have taken in the lines below it, up to the next quote left open.

    Such a value holds as many separators as a line, else its row had another number of fields.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for column in table.columns:
        if pa.types.is_string(column.type):
            lines = pc.filter(column, pc.match_substring(column, "\n"))
            most = pc.max(pc.count_substring(lines, separator)).as_py()
            if most is not None and most >= table.num_columns - 1:
                return True
    return False


def _fractions(batch: Any, decimal: str) -> list[str]:
    """Names of the columns that hold numbers, some of them with a fraction."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        text = pc.replace_substring(column, decimal, ".") if decimal != "." else column
        known = pc.filter(text, pc.not_equal(pc.utf8_trim_whitespace(text), ""))
        try:
            numbers = pc.cast(pc.utf8_trim_whitespace(known), pa.float64())
        except pa.ArrowInvalid:
            continue
        if pc.any(pc.not_equal(pc.floor(numbers), numbers)).as_py():
            found.append(name)
    return found


def _trimmed(table: pa.Table, path: str, missing: Sequence[str], max_field_kb: float) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = pa.array([str(word).strip() for word in missing], pa.string())
    null = pa.scalar(None, pa.string())
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type):
            _refuse_long(name, column, path, max_field_kb)
            column = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.is_in(column, absent), null, column)
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _refuse_long(name: str, column: Any, path: str, max_field_kb: float) -> None:
    import pyarrow.compute as pc

    lengths = pc.binary_length(column)
    if (pc.max(lengths).as_py() or 0) > max_field_kb * 1024:
        row = pc.index(pc.greater(lengths, max_field_kb * 1024), True).as_py() + 1
        raise too_long(path, f"column {name}, row {row}", f"{max_field_kb:g} KB")
