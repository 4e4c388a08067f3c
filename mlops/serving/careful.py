"""Reads bodies that need a second look: loosely, and without building what is not asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from mlops.serving import limits
from mlops.serving.nouns import Schema
from mlops.serving.refusal import refused
from mlops.serving.settings import Settings
from mlops.serving.strictness import IGNORE, Columns, Read
from mlops.serving.structs import Decoder, body_of, fields, is_nameable
from mlops.serving.unreadable import UNREADABLE, decoded, shown, unknown_field

Sent = Sequence[Any]  # a row in the schema's order, ``UNSET`` where nothing stands


class Careful:
    """The careful way for one schema.

    Parameters
    ----------
    schema : Schema
    settings : Settings
    columns : Columns
    """

    def __init__(self, schema: Schema, settings: Settings, columns: Columns) -> None:
        self.schema, self.settings, self.columns = schema, settings, columns
        self.is_nameable = is_nameable(schema)
        self._made: dict[tuple[str, bool], Decoder] = {}

    def records(
        self,
        body: bytes,
        key: str,
        *,
        as_tensor: bool = False,
        common: Mapping[str, Any] | None = None,
    ) -> Read:
        """Rows of ``{key: [{column: value, ...}, ...]}``.

        Parameters
        ----------
        body : bytes
        key : str
        as_tensor : bool
            See :meth:`Columns.reading`.
        common : mapping or None
            Values that hold for every row.

        Raises
        ------
        Refusal
        """
        limits.look_over(body, self.settings, len(self.schema.inputs))
        sent = decoded(body, self._decoder(key, is_closed=False), key).rows
        self._check_count(len(sent), key)
        reading = self.columns.reading(key + "[{row}].{name}", as_tensor=as_tensor)
        rows = [self._values(row) for row in sent]
        reading.extra(self._extras(body, key, rows))
        if common:
            reading.extra({name: f"context.{shown(name)}" for name in common})
            rows = [self._with(common, row, f"{key}[{at}]") for at, row in enumerate(rows)]
        return reading.rows(rows)

    def _check_count(self, rows: int, key: str = "") -> None:
        if rows > self.settings.max_rows:
            raise limits.too_many_rows(self.settings.max_rows)
        if not rows:
            raise refused("shape", "There are no rows.", key, "at least one row")

    def _values(self, row: Any) -> Sent:
        if self.is_nameable:
            return msgspec.structs.astuple(row)
        return [row.get(name, UNSET) for name in self.columns.names]

    def _with(self, common: Mapping[str, Any], row: Sent, path: str) -> Sent:
        """A row with the common values in it."""
        values = list(row)
        for name in common.keys() & self.columns.place.keys():
            at = self.columns.place[name]
            if values[at] is not UNSET:
                says, place = "This stands in the context, too.", f"{path}.{name}"
                raise refused("duplicate-key", says, place, "each feature once")
            values[at] = common[name]
        return values

    def _extras(self, body: bytes, key: str, rows: Sequence[Sent]) -> dict[str, str]:
        """Columns that are too many, each with the place where it is first seen."""
        found: dict[str, str] = {}
        if len(body) <= limits.OUTLINED:
            known = self.columns.place.keys()
            for at, row in enumerate(limits.outline(body)[key]):
                for name in row.keys() - known:
                    found.setdefault(name, f"{key}[{at}].{shown(name)}")
        elif body.count(b":") > 1 + sum(len(row) - row.count(UNSET) for row in rows):
            found = self._first_extra(body, self._decoder(key, is_closed=True), f"{key}[…]")
        return found

    def _first_extra(self, body: bytes, decoder: Decoder, path: str) -> dict[str, str]:
        """One column that is too many, of a body too large to look for all of them."""
        if self.settings.extra != IGNORE:
            try:
                decoder(body)
            except UNREADABLE as error:
                if name := unknown_field(error):
                    return {name: f"{path}.{shown(name)}"}
        return {}

    def columns_of(self, raw: bytes, key: str) -> Read:
        """Rows of ``{column: [value, ...], ...}``, or of one value each.

        Raises
        ------
        Refusal
        """
        limits.look_over(raw, self.settings, len(self.schema.inputs))
        sent = self._values(decoded(raw, self._object(is_closed=False)))
        given = zip(self.columns.names, sent, strict=True)
        columns = {
            name: each if isinstance(each, list) else [each]
            for name, each in given
            if each is not UNSET
        }
        if len(raw) <= limits.OUTLINED:
            names = limits.outline(raw).keys() - self.columns.place.keys()
            extras = {name: f"{key}.{shown(name)}" for name in sorted(names)}
        else:
            extras = self._first_extra(raw, self._object(is_closed=True), key)
        return self.columnwise(columns, key + ".{name}[{row}]", extras, as_tensor=True)

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
        columns : mapping of str to sequence
        path : str
            How the place of a value is written, see :meth:`Columns.reading`.
        places : dict of str to str
            How the place of a column is written, of those at least that are too many.
        as_text, as_tensor : bool

        Raises
        ------
        Refusal
        """
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            says = "The columns differ in length."
            raise refused("shape", says, accepted="one value a row in each")
        rows = max(lengths, default=0)
        self._check_count(rows)
        reading = self.columns.reading(path, as_text=as_text, as_tensor=as_tensor)
        reading.extra(places)
        gap = [UNSET] * rows
        ordered = [columns.get(name, gap) for name in self.columns.names]
        return reading.rows(zip(*ordered, strict=True))

    def _decoder(self, key: str, *, is_closed: bool) -> Decoder:
        made = self._made.get((key, is_closed))
        if made is None:
            made = self._made[key, is_closed] = body_of(key, self._type(is_closed))
        return made

    def _object(self, *, is_closed: bool) -> Decoder:
        made = self._made.get(("", is_closed))
        if made is None:
            made = msgspec.json.Decoder(self._type(is_closed)).decode
            self._made["", is_closed] = made
        return made

    def _type(self, is_closed: bool) -> Any:
        """An object of columns; where their names are no names of fields, any object."""
        if not self.is_nameable:
            return dict[str, Any]
        return fields(self.schema, is_exact=False, is_closed=is_closed)
