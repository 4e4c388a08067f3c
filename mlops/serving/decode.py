"""Decoders, made once for each served version: what is as it should be is read at C speed.

A body of records is first read by a strict decoder: every column there, each value of its type,
each word one that was seen. Where that fails in anything the body is read again, loosely, and
:mod:`mlops.serving.strictness` says what is wrong or what was made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from mlops.serving import limits
from mlops.serving.nouns import Input, Row, Schema
from mlops.serving.refusal import refused
from mlops.serving.settings import Settings
from mlops.serving.strictness import Columns, Read
from mlops.serving.unreadable import UNREADABLE, decoded, shown, unknown_field

MOST_LITERALS = 10_000
MOST_ORDERS = 16  # of columns, whose decoders are kept


class Decoders:
    """How bodies are read for one schema.

    Parameters
    ----------
    schema : Schema
    settings : Settings
    """

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.schema, self.settings = schema, settings
        self.columns = Columns(schema, settings)
        self.width = len(schema.inputs)
        self.is_nameable = all(map(_nameable, self.columns.names))
        self.open = [
            (at, self.columns.each[at].read)
            for at, each in enumerate(schema.inputs)
            if each.kind == "date" or (each.kind == "words" and not _is_closed(each))
        ]
        self._made: dict[tuple[str, bool], Callable[[bytes], Any]] = {}
        self._matrices: dict[tuple[str, ...], tuple[Callable[[bytes], Any], Any]] = {}

    def records(self, body: bytes, key: str, *, as_tensor: bool = False) -> Read:
        """Rows of ``{key: [{column: value, ...}, ...]}``.

        Raises
        ------
        Refusal
        """
        rows = self._at_once(body, key) if self.is_nameable else None
        return Read(rows) if rows else self._with_care(body, key, as_tensor)

    def _at_once(self, body: bytes, key: str) -> list[Row] | None:
        """The rows of a body in which nothing needs a second look; None for any other.

        As many colons as there have to be keys: then no key stands twice.
        """
        try:
            found = self._decoder(key, True)(body)
        except UNREADABLE:
            return None
        sent = found.rows
        is_plain = body.count(b":") == 1 + self.width * len(sent)
        if not is_plain or len(sent) > self.settings.max_rows:
            return None
        rows = list(map(msgspec.structs.astuple, sent))
        return self._opened(rows) if self.open else rows

    def matrix(self, raw: bytes, names: tuple[str, ...]) -> list[Row] | None:
        """The rows of ``[[value, ...], ...]`` if nothing in them needs a second look, else None.

        Parameters
        ----------
        raw : bytes
            JSON.
        names : tuple of str
            Of the columns, in the order of the values.
        """
        if len(names) != self.width:
            return None
        made = self._matrices.get(names)
        if made is None:
            if set(names) != self.columns.place.keys():
                return None
            made = self._matrices[names] = self._matrix_decoder(names)
            if len(self._matrices) > MOST_ORDERS:
                del self._matrices[next(iter(self._matrices))]
        decoder, ordered = made
        try:
            rows = decoder(raw)
        except UNREADABLE:
            return None
        if not rows or len(rows) > self.settings.max_rows:
            return None
        rows = rows if ordered is None else list(map(ordered, rows))
        return self._opened(rows) if self.open else rows

    def _matrix_decoder(self, names: tuple[str, ...]) -> tuple[Callable[[bytes], Any], Any]:
        """Reads rows in the order of `names`; and what puts them into the schema's."""
        exact = tuple(self._exactly(self.schema.inputs[self.columns.place[name]]) for name in names)
        rows: Any = list[tuple[exact]]  # type: ignore[valid-type]
        is_ordered = names == self.columns.names
        places = [names.index(name) for name in self.columns.names]
        return msgspec.json.Decoder(rows).decode, None if is_ordered else itemgetter(*places)

    def _opened(self, rows: list[Row]) -> list[Row] | None:
        """`rows` with words and dates in their one spelling; None if one cannot be read."""
        found = []
        for row in rows:
            values = list(row)
            for at, read in self.open:
                if values[at] is not None:
                    try:
                        values[at] = read(values[at])
                    except ValueError:
                        return None
                    if values[at] is None:
                        return None
            found.append(tuple(values))
        return found

    def columnwise(
        self,
        columns: Mapping[str, Sequence[Any]],
        path: str,
        places: dict[str, str],
        *,
        as_text: bool = False,
        as_tensor: bool = False,
    ) -> Read:
        """Rows of columns by name, all of one length.

        Parameters
        ----------
        columns : dict of str to sequence
        path : str
            How the place of a value is written, see :meth:`Columns.reading`.
        places : dict of str to str
            How the place of a column is written.
        as_text, as_tensor : bool

        Raises
        ------
        Refusal
        """
        lengths = {len(values) for values in columns.values()}
        rows = max(lengths, default=0)
        if len(lengths) > 1:
            says = "The columns differ in length."
            raise refused("shape", says, accepted="one value a row in each")
        if not rows:
            raise refused("shape", "There are no rows.", accepted="at least one row")
        if rows > self.settings.max_rows:
            raise limits.too_many_rows(self.settings.max_rows)
        reading = self.columns.reading(path, as_text=as_text, as_tensor=as_tensor)
        reading.extra(places)
        gap = [UNSET] * rows
        ordered = [columns.get(name, gap) for name in self.columns.names]
        return reading.rows(zip(*ordered, strict=True))

    def _with_care(self, body: bytes, key: str, as_tensor: bool) -> Read:
        limits.look_over(body, self.settings, self.width)
        found = decoded(body, self._decoder(key, False), key)
        rows = found.rows
        if len(rows) > self.settings.max_rows:
            raise limits.too_many_rows(self.settings.max_rows)
        if not rows:
            raise refused("shape", "There are no rows.", key, "at least one row")
        reading = self.columns.reading(key + "[{row}].{name}", as_tensor=as_tensor)
        if len(body) <= limits.OUTLINED:
            reading.extra(self._extras(limits.outline(body)[key], key))
        elif body.count(b":") > 1 + self.width * len(rows):
            reading.extra(self._first_extra(body, key))
        if self.is_nameable:
            return reading.rows(map(msgspec.structs.astuple, rows))
        names = self.columns.names
        return reading.rows([row.get(name, UNSET) for name in names] for row in rows)

    def _extras(self, rows: list[dict[str, Any]], key: str) -> dict[str, str]:
        """Columns that are too many, each with the place where it is first seen."""
        known, found = self.columns.place.keys(), dict[str, str]()
        for at, row in enumerate(rows):
            for name in row.keys() - known:
                found.setdefault(name, f"{key}[{at}].{shown(name)}")
        return found

    def _first_extra(self, body: bytes, key: str) -> dict[str, str]:
        """The name of one column that is too many, in a body too large to look for all of them."""
        try:
            self._decoder(key, True)(body)
        except UNREADABLE as error:
            if name := unknown_field(error):
                return {name: f"{key}[…].{shown(name)}"}
        return {}

    def _decoder(self, key: str, is_strict: bool) -> Callable[[bytes], Any]:
        made = self._made.get((key, is_strict))
        if made is None:
            rows: Any = list[self._row(is_strict)]  # type: ignore[misc]
            body = msgspec.defstruct(
                "Body",
                [("rows", rows)],
                rename={"rows": key},
                forbid_unknown_fields=True,
                gc=False,
            )
            made = self._made[key, is_strict] = msgspec.json.Decoder(body).decode
        return made

    def _row(self, is_strict: bool) -> Any:
        """The type of a row: exactly as it should be, or whatever is there."""
        if not self.is_nameable:
            return dict[str, Any]
        exact = [(f"c{at}", self._exactly(each)) for at, each in enumerate(self.schema.inputs)]
        loose = [(f"c{at}", Any, UNSET) for at in range(self.width)]
        return msgspec.defstruct(
            "Row",
            exact if is_strict else loose,
            rename={f"c{at}": name for at, name in enumerate(self.columns.names)},
            forbid_unknown_fields=is_strict,
            kw_only=True,
            gc=False,
        )

    def _exactly(self, each: Input) -> Any:
        """The type of the values that need no second look."""
        if each.kind == "number":
            exact: Any = float
        else:
            exact = Literal[each.categories] if _is_closed(each) else str
        return exact if each.required else exact | None


def _is_closed(each: Input) -> bool:
    return bool(each.categories) and len(each.categories or ()) <= MOST_LITERALS


def _nameable(name: str) -> bool:
    """Whether msgspec can have a field of this name."""
    return name.isprintable() and not {'"', "\\"} & {*name}
