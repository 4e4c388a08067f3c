"""What a column is for, read from its values and its name."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from mlops.core.errors import fail
from mlops.core.values import as_dates, as_numbers

if TYPE_CHECKING:
    import pandas as pd

MOSTLY = 0.9  # a column with this share of numbers holds numbers and a few mistakes
FEW = 50  # so many different words are categories, whatever they look like
LOOKED_AT = 5000
CODE = r"-?0\d"  # 0123 is a code: as a number it would lose its zero
ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?"
ID_WORDS = {"id", "ids", "uuid", "guid", "key", "index", "idx", "unnamed", "rownames"}
TIME_WORDS = {"timestamp", "time", "datetime", "ts"}
TRAITS = {"ethnicity", "gender", "nationality", "race", "religion", "sex"}
IDENTITY = {
    *("address", "birthdate", "birthday", "dob", "email", "firstname", "fullname", "iban"),
    *("lastname", "mail", "passport", "password", "phone", "ssn", "street", "surname", "telephone"),
}
IDENTITY_PAIRS = {
    *(("birth", "date"), ("date", "birth"), ("first", "name"), ("full", "name")),
    *(("last", "name"), ("middle", "name"), ("social", "security"), ("tax", "id")),
}


def words_of(name: str) -> list[str]:
    """The words of a column name, lower case.

    >>> words_of("customerId"), words_of("date_of_birth")
    (['customer', 'id'], ['date', 'of', 'birth'])
    """
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z0-9]+", split.lower()) if word]


def is_sensitive(column: pd.Series) -> bool:
    """Tell from its name that a column speaks of a person's identity or protected traits.

    Of two values at most (has a telephone: yes, no), none tells who somebody is.

    >>> import pandas as pd
    >>> [is_sensitive(pd.Series(list("abc"), name=name)) for name in ("FirstName", "essex_county")]
    [True, False]
    """
    words = [word for word in words_of(str(column.name)) if word != "of"]
    if TRAITS & set(words):
        return True
    pairs = set(itertools.pairwise(words))
    return bool(IDENTITY & set(words) or IDENTITY_PAIRS & pairs) and column.nunique() > 2


def role_of(column: pd.Series, *, decimal: str = ".") -> str:
    """The role that `column` seems to have.

    No value at all is ``ignored``; numbers are ``numeric``; ISO dates are ``date``, or ``time`` if
    the name says so; few different words are ``categorical``; sentences are ``text``; a name like
    ``id`` with a value of its own for every row, and words without blanks that are all different,
    are ``id``. Numbers with leading zeros are codes, so words.

    Raises
    ------
    MlopsError
        Numbers and words are mixed, or the numbers have a decimal comma.
    """
    from pandas.api import types

    known = column.dropna()
    if known.empty:
        return "ignored"
    if str(column.name).startswith("__index_level_"):
        return "ignored"
    named_id = bool(ID_WORDS & set(words_of(str(column.name))))
    if types.is_bool_dtype(column.dtype):
        return "categorical"
    if types.is_datetime64_any_dtype(column.dtype):
        return _time_or_date(column)
    if types.is_numeric_dtype(column.dtype):
        return "id" if named_id and _all_different_whole(known) else "numeric"
    # Parquet's booleans with a gap, and numbers of mixed types, arrive as objects.
    return _role_of_text(known.astype("str"), decimal, named_id)


def _role_of_text(known: pd.Series, decimal: str, named_id: bool) -> str:
    """Try numbers first, on a few values before on all: most columns are told by their head."""
    head = known.head(LOOKED_AT)
    if not as_numbers(head, decimal=decimal)[1].any():
        numbers, broken = as_numbers(known, decimal=decimal)
        if not broken.any() and not _are_codes(known, numbers):
            return "id" if named_id and known.is_unique else "numeric"
    distinct = known.drop_duplicates()
    if not distinct.str.match(CODE).any():
        if _mostly_numbers(known, distinct, decimal):
            return "numeric"
        if _are_dates(distinct.head(LOOKED_AT)):
            return _time_or_date(known)
        _refuse_mixed(known, distinct, decimal)
    if named_id and len(distinct) == len(known):
        return "id"
    if len(distinct) <= FEW:
        return "categorical"
    words = distinct.head(LOOKED_AT).str.count(r"\S+").mean()
    if words >= 4 and len(distinct) > len(known) / 2:
        return "text"
    return "id" if len(distinct) == len(known) and words < 2 else "categorical"


def _are_codes(known: pd.Series, numbers: pd.Series) -> bool:
    return bool((numbers % 1 == 0).all()) and bool(known.str.match(CODE).any())


def _are_dates(words: pd.Series) -> bool:
    return words.str.fullmatch(ISO_DATE).mean() >= MOSTLY and not as_dates(words)[1].all()


def _mostly_numbers(known: pd.Series, distinct: pd.Series, decimal: str) -> bool:
    """Tell whether most values, or most of many different ones, are numbers."""
    some = distinct.head(LOOKED_AT)
    read = as_numbers(some, decimal=decimal)[0].notna()
    if not read.any():
        return False
    if len(distinct) >= FEW and read.mean() >= MOSTLY:
        return True
    numbers = known.isin(some[read]) if len(distinct) <= LOOKED_AT else read
    return bool(numbers.mean() >= MOSTLY)


def _refuse_mixed(known: pd.Series, distinct: pd.Series, decimal: str) -> None:
    name = str(known.name)
    some = distinct.head(LOOKED_AT)
    refuse_comma(some, decimal)
    broken = as_numbers(some, decimal=decimal)[0].isna().to_numpy()
    if len(distinct) > FEW and broken.mean() < 0.9:
        first = int(as_numbers(known, decimal=decimal)[1].argmax())
        raise fail(
            "mixed-types",
            "A column holds numbers and words.",
            where=f"column {name}, row {known.index[first] + 1}",
            found=f"{1 - broken.mean():.0%} of its different values are numbers, others are not",
            accepted="one kind of value in a column",
            next_step=f"mend the file, add the word to data.missing, or data.roles.{name}="
            "categorical (all are words) or numeric (rows with words are put aside)",
        )


def refuse_comma(some: pd.Series, decimal: str) -> None:
    """Refuse texts like 1,5 where a point is the decimal mark.

    Raises
    ------
    MlopsError
        With the code ``decimal-comma``.
    """
    if decimal == "." and some.str.fullmatch(r"[-+]?\d+,\d+").mean() >= MOSTLY / 2:
        raise fail(
            "decimal-comma",
            "The numbers of a column have a decimal comma.",
            where=f"column {some.name}",
            found="text like 1,5",
            accepted="numbers with the mark of data.decimal, now '.'",
            closest="data.decimal=','",
            next_step=f"data.decimal=',', or state what it is: data.roles.{some.name}=categorical "
            "(data.task=classification for the target)",
        )


def _time_or_date(column: pd.Series) -> str:
    return "time" if TIME_WORDS & set(words_of(str(column.name))) else "date"


def _all_different_whole(known: pd.Series) -> bool:
    return bool((known % 1 == 0).all()) and known.is_unique
