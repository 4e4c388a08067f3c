"""From what was sent to rows of the schema: policies for what is missing, too much or unseen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from mlops.core.errors import closest, counted, listed
from mlops.serving.cells import ACCEPTED, READERS, Unfit, bounded, in_text, unpacked
from mlops.serving.nouns import Input, Row, Schema
from mlops.serving.refusal import MOST, Refusal, Wrong
from mlops.serving.settings import Settings
from mlops.serving.unreadable import shown

REFUSE, WARN, IGNORE = "refuse", "warn", "ignore"
MOST_NAMES = 20
MOST_LOOKED_AT = 50  # names, for one that is nearly a column's


@dataclass
class Read:
    """Rows that a model may be asked about, and what is to be said of them.

    Parameters
    ----------
    rows : list of Row
    warnings : tuple of str
    unseen : int
        Values that the model had not seen while learning.
    """

    rows: list[Row]
    warnings: tuple[str, ...] = ()
    unseen: int = 0


@dataclass
class Column:
    """How one column is read.

    Parameters
    ----------
    input : Input
    policies : Settings
    """

    input: Input
    policies: Settings
    seen: frozenset[str] | None = field(init=False)

    def __post_init__(self) -> None:
        known = self.input.categories
        self.seen = None if known is None else frozenset(known)
        self.read = bounded(READERS[self.input.kind], self.policies.max_text)
        self.read_text = bounded(in_text(READERS[self.input.kind]), self.policies.max_text)

    @property
    def accepted(self) -> str:
        """For people: the kind, and the categories where they may be told."""
        kind = ACCEPTED[self.input.kind]
        if self.seen is not None and self.policies.unseen == REFUSE and not self.input.sensitive:
            kind = f"one of {listed(self.input.categories or ())}"
        return kind if self._gap_is_wrong() else f"{kind}, or null"

    def _gap_is_wrong(self) -> bool:
        return self.input.required and self.policies.missing == REFUSE

    def unfit(self, code: str, path: str, near: str = "") -> Wrong:
        """What is said of a value that cannot be taken."""
        says = {
            "value-type": "This value is of another kind.",
            "value-range": "This number is too large.",
            "value-missing": "A value is missing.",
            "value-unseen": "The model has not seen this value while learning.",
            "text-too-long": f"This text has more than {self.policies.max_text:,} characters.",
            "column-missing": "This column is missing.",
        }[code]
        return Wrong(code, says, path, self.accepted, near)


class Columns:
    """How the rows of one schema are read; made once for each served version.

    Parameters
    ----------
    schema : Schema
    settings : Settings
    """

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.settings = settings
        self.each = [Column(each, settings) for each in schema.inputs]
        self.names = tuple(each.name for each in schema.inputs)
        self.place = {name: at for at, name in enumerate(self.names)}

    def reading(self, path: str, *, as_text: bool = False, as_tensor: bool = False) -> Reading:
        """A reading of one request.

        Parameters
        ----------
        path : str
            How the place of a value is written; ``{row}``, ``{name}`` and ``{at}`` are filled in.
        as_text : bool
            Whether the protocol has nothing but texts.
        as_tensor : bool
            Whether a value may be a list of one, or packed as ``{"b64": ...}``.
        """
        return Reading(self, path, as_text=as_text, as_tensor=as_tensor)


class Reading:
    """One request: gathers rows, warnings and all that is wrong.

    Parameters
    ----------
    columns : Columns
    path : str
    as_text, as_tensor : bool
    """

    def __init__(self, columns: Columns, path: str, *, as_text: bool, as_tensor: bool) -> None:
        self.columns = columns
        self.as_tensor = as_tensor
        self.settings = columns.settings
        self.path = path
        self.readers = [each.read_text if as_text else each.read for each in columns.each]
        self.wrong: list[Wrong] = []
        self.told: dict[tuple[str, str], tuple[str, int]] = {}
        self.strange: list[str] = []
        self.unseen = 0

    def extra(self, places: dict[str, str]) -> None:
        """Judge columns that are not the model's; `places` says where each was seen first."""
        strange = {name: place for name, place in places.items() if not self._knows(name)}
        self.strange += [name for name in strange if shown(name) == name][:MOST_LOOKED_AT]
        if self.settings.extra == IGNORE:
            return
        for name, place in [*strange.items()][:MOST_NAMES]:
            if self.settings.extra == WARN:
                self.told["is no column of the model and was left out", name] = place, 1
                continue
            near = closest(name[:64], self.columns.names)
            says, accepted = "The model has no such column.", listed(self.columns.names, 50)
            self.wrong.append(Wrong("column-unknown", says, place, accepted, near))

    def _knows(self, name: str) -> bool:
        return name in self.columns.place

    def rows(self, sent: Iterable[Sequence[Any]]) -> Read:
        """Read rows; each is a sequence in the schema's order, ``UNSET`` where nothing stands.

        Raises
        ------
        Refusal
            Something is wrong; at most twenty problems are told.
        """
        found = []
        for at, values in enumerate(sent):
            found.append(self._row(at, values))
            if len(self.wrong) >= MOST:
                break
        if self.wrong:
            raise Refusal(*self.wrong[:MOST])
        return Read(found, self._warnings(), self.unseen)

    def _row(self, at: int, values: Sequence[Any]) -> Row:
        row: list[float | str | None] = []
        for column, read, value in zip(self.columns.each, self.readers, values, strict=True):
            if value is not None and value is not UNSET:
                try:
                    kept = read(unpacked(value) if self.as_tensor else value)
                except Unfit as unfit:
                    self._note(column, unfit.code, at)
                    kept = ""
                if kept is not None:
                    if column.seen is not None and kept not in column.seen and kept != "":
                        self._unseen(column, at)
                    row.append(kept)
                    continue
                value = None
            if value is UNSET or column.input.required:
                self._gap(column, "column-missing" if value is UNSET else "value-missing", at)
            row.append(None)
        return tuple(row)

    def _place(self, column: Column, at: int) -> str:
        name = column.input.name
        return self.path.format(row=at, name=name, at=self.columns.place[name])

    def _note(self, column: Column, code: str, at: int) -> None:
        near = ""
        if code == "column-missing" and self.strange:
            near = closest(column.input.name, self.strange)
        self.wrong.append(column.unfit(code, self._place(column, at), near))

    def _gap(self, column: Column, code: str, at: int) -> None:
        if self.settings.missing == REFUSE:
            self._note(column, code, at)
        elif self.settings.missing == WARN:
            self._tell("is missing and was filled as the model learned", column, at)

    def _unseen(self, column: Column, at: int) -> None:
        self.unseen += 1
        if self.settings.unseen == REFUSE:
            self._note(column, "value-unseen", at)
        elif self.settings.unseen == WARN:
            self._tell("holds a value that the model has not seen while learning", column, at)

    def _tell(self, says: str, column: Column, at: int) -> None:
        key = says, column.input.name
        place, rows = self.told.get(key) or (self._place(column, at), 0)
        self.told[key] = place, rows + 1

    def _warnings(self) -> tuple[str, ...]:
        return tuple(
            f"{place} {says}" + (f" (and {counted(rows - 1, 'more row')})" if rows > 1 else "")
            for (says, _), (place, rows) in self.told.items()
        )
