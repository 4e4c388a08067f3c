"""A Parquet file, read batch by batch within a limit of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.errors import fail, listed
from mlops.core.store import digest
from mlops.data.local_file import find, refuse_other_kinds
from mlops.data.tabular import Tabular, stated

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset

ROWS_AT_ONCE = 65_536


class Parquet(Tabular):
    """A Parquet file.

    Parameters
    ----------
    path : str
        The file, or ``bundled:NAME`` for one that comes with the package.
    target, task, positive, costs, roles, sensitive
        As for :class:`mlops.data.tabular.Tabular`.
    max_memory_mb : float, > 0
        Reading stops when the columns take more; a small file may hold very many rows.
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
        max_memory_mb: float = 4096,
    ) -> None:
        super().__init__(
            target=target, task=task, positive=positive, costs=costs, roles=roles,
            sensitive=sensitive,
        )  # fmt: skip
        self.path = path
        self.max_memory_mb = max_memory_mb

    def header(self) -> list[str]:
        """Names of the columns, after checking what the configuration says of them.

        Raises
        ------
        MlopsError
            The file or a named column is not there, or the file is no Parquet.
        """
        with self._opened() as file:
            return self._names(file)

    def source_key(self) -> str:
        """SHA-256 of the file."""
        return digest(find(self.path, ".parquet"))

    def read(self) -> Dataset:
        """Read the whole file.

        Raises
        ------
        MlopsError
            The file, a column or the target is not usable, or the memory is not enough.
        """
        import pyarrow as pa

        with self._opened() as file:
            self._names(file)
            wanted, schema = self._plain_columns(file.schema_arrow)
            batches, taken = [], 0
            try:
                for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted):
                    taken += batch.nbytes
                    self._refuse_large(taken)
                    batches.append(batch)
            except (pa.ArrowException, OSError) as error:
                raise self._corrupt(error) from None
        table = pa.Table.from_batches(batches, schema=schema if not batches else None)
        frame = _plain(table).to_pandas(ignore_metadata=True, split_blocks=True, self_destruct=True)
        return self._dataset(frame, source=self.path)

    def _opened(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = find(self.path, ".parquet")
        refuse_other_kinds(file, self.path, "Parquet")
        try:
            return pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as error:
            raise self._corrupt(error) from None

    def _names(self, file: Any) -> list[str]:
        names = list(file.schema_arrow.names)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise fail(
                "duplicate-column",
                "Two columns have one name.",
                where=f"data.path={self.path}",
                found=listed(twice),
                accepted="each name once",
                next_step="rename one of them in the file",
            )
        self._check_names(names)
        return names

    def _plain_columns(self, schema: Any) -> tuple[list[str], Any]:
        """Names of the columns to read: those that a table can hold, unless told to ignore."""
        import pyarrow as pa

        ignored = {
            str(name) for name, said in (self.roles or {}).items() if stated(said)[0] == "ignored"
        }
        strange = {field.name: str(field.type) for field in schema if not _is_plain(field.type)}
        refused = [f"{name}: {kind}" for name, kind in strange.items() if name not in ignored]
        if refused:
            name = refused[0].partition(":")[0]
            raise fail(
                "column-type",
                "Columns hold more than one value in a cell, or bytes.",
                where=f"data.path={self.path}, {listed(refused)}",
                found=listed(sorted(set(strange.values()))),
                accepted="numbers, text, booleans, dates and times",
                next_step=f"flatten them in the file, or data.roles.{name}=ignored",
            )
        kept = [field for field in schema if field.name not in strange]
        return [field.name for field in kept], pa.schema(kept)

    def _refuse_large(self, taken: int) -> None:
        if taken > self.max_memory_mb * 1e6:
            raise fail(
                "data-too-large",
                "The data takes more memory than allowed.",
                where=f"data.path={self.path}",
                found=f"more than {taken / 1e6:,.0f} MB",
                accepted=f"at most data.max_memory_mb={self.max_memory_mb:g}",
                next_step="raise data.max_memory_mb if the memory is there, or write fewer columns",
            )

    def _corrupt(self, error: BaseException) -> Exception:
        return fail(
            "data-corrupt",
            "The Parquet file is damaged or no Parquet file.",
            where=f"data.path={self.path}",
            found=str(error).partition("\n")[0].partition(". ")[0][:120],
            accepted="a whole Parquet file",
            next_step="write or copy the file again",
        )


def _is_plain(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    tests = (
        *(types.is_integer, types.is_floating, types.is_boolean, types.is_string),
        *(types.is_large_string, types.is_decimal, types.is_date, types.is_timestamp),
        *(types.is_null, types.is_string_view),
    )
    return any(test(kind) for test in tests)


def _plain(table: Any) -> Any:
    """The table with the types that pandas has: text, float, timestamp."""
    import pyarrow as pa
    from pyarrow import types

    fields = []
    for field in table.schema:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_decimal(kind) or types.is_float16(kind):
            kind = pa.float64()
        elif types.is_date(kind):
            kind = pa.timestamp("us")
        elif types.is_null(kind):
            kind = pa.string()
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))
