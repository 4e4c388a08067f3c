"""Decoders, made once for each served version: what is as it should be is read at C speed.

A body of records is first read by a strict decoder: every column there, each value of its type,
each word one that was seen. Where that fails in anything the body is read again, with care:
:mod:`mlops.serving.careful` and :mod:`mlops.serving.strictness` say what is wrong, or what was
made of it.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import msgspec

from mlops.serving.careful import Careful
from mlops.serving.limits import OUTLINED
from mlops.serving.nouns import Row, Schema
from mlops.serving.settings import Settings
from mlops.serving.strictness import Columns, Read
from mlops.serving.structs import Decoder, body_of, exactly, fields, is_closed
from mlops.serving.unreadable import UNREADABLE, is_too_large, refusal

MOST_ORDERS = 16  # of columns, whose decoders are kept


class Decoders:
    """How bodies are read for one schema.

    Parameters
    ----------
    schema : Schema
    settings : Settings

    Attributes
    ----------
    columns : Columns
    careful : Careful
    """

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.schema, self.settings = schema, settings
        self.columns = Columns(schema, settings)
        self.careful = Careful(schema, settings, self.columns)
        self.width = len(schema.inputs)
        self.open = [
            (at, self.columns.each[at])
            for at, each in enumerate(schema.inputs)
            if each.kind == "date" or (each.kind == "words" and not is_closed(each))
        ]
        self._made: dict[str, Decoder] = {}
        self._matrices: dict[tuple[str, ...], tuple[Decoder, Any]] = {}

    def records(self, body: bytes, key: str, *, as_tensor: bool = False) -> Read:
        """Rows of ``{key: [{column: value, ...}, ...]}``.

        Raises
        ------
        Refusal
        """
        rows = self._at_once(body, key) if self.careful.is_nameable else None
        return Read(rows) if rows else self.careful.records(body, key, as_tensor=as_tensor)

    def _at_once(self, body: bytes, key: str) -> list[Row] | None:
        """The rows of a body in which nothing needs a second look; None for any other.

        As many colons as there have to be keys: then no key stands twice.

        Raises
        ------
        Refusal
            A large body holds a number that is none.
        """
        decoder = self._made.get(key)
        if decoder is None:
            row = fields(self.schema, is_exact=True, is_closed=True)
            decoder = self._made[key] = body_of(key, row)
        try:
            sent = decoder(body).rows
        except UNREADABLE as error:
            if len(body) > OUTLINED and is_too_large(error):
                raise refusal(error, key) from None  # a long number is not read twice
            return None
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

    def _matrix_decoder(self, names: tuple[str, ...]) -> tuple[Decoder, Any]:
        """Reads rows in the order of `names`; and what puts them into the schema's."""
        exact = tuple(exactly(self.schema.inputs[self.columns.place[name]]) for name in names)
        rows: Any = list[tuple[exact]]  # type: ignore[valid-type]
        is_ordered = names == self.columns.names
        places = [names.index(name) for name in self.columns.names]
        return msgspec.json.Decoder(rows).decode, None if is_ordered else itemgetter(*places)

    def _opened(self, rows: list[Row]) -> list[Row] | None:
        """`rows` with words and dates in their one spelling; None if one needs a second look."""
        found = []
        for row in rows:
            values = list(row)
            for at, column in self.open:
                if values[at] is None:
                    continue
                try:
                    values[at] = kept = column.read(values[at])
                except ValueError:
                    return None
                if kept is None or (column.seen is not None and kept not in column.seen):
                    return None
            found.append(tuple(values))
        return found
