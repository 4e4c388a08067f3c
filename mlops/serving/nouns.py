"""What travels inside the server: the schema, a served version, answers, and a reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

LOWERED, ONNX, SKLEARN = "lowered", "onnx", "sklearn"

# A row is a tuple in the order of the schema: a float, a text (words, codes, booleans as ``True``
# and ``False``, dates as ISO 8601) or None for what is missing; never NaN, never infinite.
Row = tuple[float | str | None, ...]


@dataclass(frozen=True)
class Input:
    """One column that the model takes.

    Parameters
    ----------
    name : str
    kind : str
        ``number``, ``words`` or ``date``; booleans are words.
    required : bool
        Whether the training data had no gap there.
    sensitive : bool
        Never written anywhere but into the model.
    categories : tuple of str or None
        What was seen while learning; None where any text may come.
    """

    name: str
    kind: str
    required: bool = True
    sensitive: bool = False
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Schema:
    """What a version takes and gives.

    Parameters
    ----------
    inputs : tuple of Input
        In the order of the training data.
    task : str
    target : str
    classes : tuple
        Labels in the order of the probabilities; empty for a number.
    example : tuple of dict
        Rows that are fit to be shown: made up where a column is sensitive.
    """

    inputs: tuple[Input, ...]
    task: str
    target: str
    classes: tuple[Any, ...] = ()
    example: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Answers:
    """What a model says of some rows.

    Parameters
    ----------
    values : list of float or label
    probabilities : list of list of float, or None
        One a class, in the order of ``Schema.classes``.
    """

    values: list[Any]
    probabilities: list[list[float]] | None = None


Program = Callable[[Sequence[Row]], Answers]


class Unanswerable(ValueError):
    """A model refuses a row by itself: a gap that it does not fill, a number too large for it.

    Parameters
    ----------
    row : int or None
        Position of the row; None where it is not known.
    """

    def __init__(self, row: int | None = None) -> None:
        super().__init__("a value is missing, or too large for the model")
        self.row = row

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.row,)


@dataclass(frozen=True)
class Served:
    """A version as workers have it: plain data and, if it could be lowered, a program.

    It can be pickled, and unpickled without importing scikit-learn or pandas.

    Parameters
    ----------
    model : str
    version : int
    run : str
    schema : Schema
    program : callable or None
        Answers a few rows at once; None where only the model process can.
    path : str
        How it answers: ``lowered``, ``onnx`` or ``sklearn``.
    why : str
        Why it takes this path, for people.
    about : dict
        For metadata: metrics, data fingerprint, libraries; nothing sensitive.
    """

    model: str
    version: int
    run: str
    schema: Schema
    program: Program | None
    path: str
    why: str = ""
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stamp:
    """What every answer carries.

    Parameters
    ----------
    request_id : str
    role : str
        ``main``, ``canary`` or ``shadow``.
    """

    request_id: str
    role: str = "main"


@dataclass
class Reply:
    """What goes back over the wire, and what metrics and log are told of it.

    Parameters
    ----------
    status : int
        Of HTTP.
    body : bytes
    content_type : str
    headers : tuple of (bytes, bytes)
    rows : sequence of Row
        As the model got them; empty where it was not asked.
    answers : Answers or None
    code : str
        Of the problem, from a short fixed list; empty where there is none.
    unseen : int
        Categories in it that the model had not seen.
    warnings : tuple of str
    count : int
        Rows that were answered; `rows` may be cut to fewer.
    tally : dict or None
        Predictions as metrics count them, where that was done already.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    rows: Sequence[Row] = ()
    answers: Answers | None = None
    code: str = ""
    unseen: int = 0
    warnings: tuple[str, ...] = ()
    count: int = 0
    tally: dict[str, Any] | None = None
