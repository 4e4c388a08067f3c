"""A CSV file: read as text in one pass, then every column gets the one type of its role."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.errors import fail
from mlops.core.store import digest
from mlops.data.cells import read_cells
from mlops.data.dialect import Dialect, read_dialect
from mlops.data.local_file import find, refuse_other_kinds
from mlops.data.tabular import Tabular

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset

MISSING = ("", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "NULL", "null", "None", "#N/A")


class Csv(Tabular):
    """A CSV file with a header.

    Parameters
    ----------
    path : str
        The file, or ``bundled:NAME`` for one that comes with the package.
    target, task, positive, costs, roles, sensitive
        As for :class:`mlops.data.tabular.Tabular`.
    separator : str or None
        One character; None finds it out among comma, semicolon, tab and bar. ``tab`` is a tab.
    encoding : str
        A name that Python knows.
    decimal : {".", ","}
        The mark in numbers.
    missing : sequence of str
        What stands for a missing value, blanks around it ignored.
    max_file_mb : float, > 0
        A larger file is refused before it is read; reading takes a small multiple of it.
    max_field_kb : float, > 0
        A longer field is refused: a quote is probably not closed.
    """

    def __init__(
        self,
        *,
        path: str,
        target: str,
        task: str | None = None,
        positive: Any = None,
        costs: dict[Any, float] | None = None,
        roles: dict[str, Any] | None = None,
        sensitive: list[str] | None = None,
        separator: str | None = None,
        encoding: str = "utf-8",
        decimal: str = ".",
        missing: list[str] | tuple[str, ...] = MISSING,
        max_file_mb: float = 4096,
        max_field_kb: float = 1024,
    ) -> None:
        super().__init__(
            target=target, task=task, positive=positive, costs=costs, roles=roles,
            sensitive=sensitive,
        )  # fmt: skip
        self.path = path
        self.separator = separator
        self.encoding = encoding
        self.decimal = decimal
        self.missing = missing
        self.max_file_mb = max_file_mb
        self.max_field_kb = max_field_kb

    def header(self) -> list[str]:
        """Names of the columns, after checking what the configuration says of them.

        Raises
        ------
        MlopsError
            The file or a named column is not there, or the start of the file is no CSV.
        """
        return list(self._checked_dialect()[1].names)

    def source_key(self) -> str:
        """SHA-256 of the file."""
        return digest(find(self.path, ".csv"))

    def read(self) -> Dataset:
        """Read the whole file.

        Raises
        ------
        MlopsError
            The file, a line of it, a column or the target is not usable.
        """
        file, dialect = self._checked_dialect()
        table = read_cells(
            file, self.path, dialect, encoding=self.encoding, decimal=self.decimal,
            missing=self.missing, max_field_kb=self.max_field_kb,
        )  # fmt: skip
        frame = table.to_pandas(split_blocks=True, self_destruct=True)
        return self._dataset(frame, source=self.path, decimal=self.decimal)

    def _checked_dialect(self) -> tuple[Path, Dialect]:
        file = find(self.path, ".csv")
        refuse_other_kinds(file, self.path, "CSV")
        self._refuse_large(file)
        separator = {"tab": "\t", "\\t": "\t"}.get(self.separator or "", self.separator)
        if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
            raise fail(
                "separator-unusable",
                "The separator is no single character.",
                where="data.separator",
                found=repr(self.separator),
                accepted="one character, or tab; null to find it out",
                closest=separator.strip()[:1],
                next_step="data.separator=';', or leave it out",
            )
        dialect = read_dialect(file, self.path, separator=separator, encoding=self.encoding)
        self._check_names(dialect.names)
        if not dialect.has_rows:
            raise fail(
                "data-no-rows",
                "The data file has a header and no rows.",
                where=f"data.path={self.path}",
                found=f"{len(dialect.names)} column names, 0 rows",
                accepted="at least two rows",
                next_step="write the file again, or choose another one with data.path=FILE",
            )
        return file, dialect

    def _refuse_large(self, file: Path) -> None:
        size = file.stat().st_size
        if size > self.max_file_mb * 1e6:
            raise fail(
                "data-too-large",
                "The data file is larger than allowed.",
                where=f"data.path={self.path}",
                found=f"{size / 1e6:,.0f} MB",
                accepted=f"at most data.max_file_mb={self.max_file_mb:g}",
                next_step="raise data.max_file_mb if the memory is there, or read Parquet",
            )
