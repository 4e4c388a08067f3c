"""The proof that a faster program answers as the pipeline does, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops.core.errors import MlopsError
from mlops.registry.opened import CLOSE
from mlops.serving.nouns import Answers, Program, Row, Unanswerable

REFUSED_LOOKED_AT = 5


def difference(program: Program, pipeline: Program, rows: Sequence[Row]) -> str:
    """In what `program` answers otherwise than `pipeline`; empty if in nothing.

    Each row is answered alone and once more together with all others. A row that one of them
    refuses, the other has to refuse too.

    Parameters
    ----------
    program, pipeline : callable
    rows : sequence of Row

    Examples
    --------
    >>> double = lambda rows: Answers([2 * x for (x,) in rows])
    >>> difference(double, double, [(1.0,), (2.0,)])
    ''
    >>> difference(double, lambda rows: Answers([x for (x,) in rows]), [(0.0,), (2.0,)])
    '1 of 2 rows are answered otherwise'
    """
    alone, answered, refused = list[Answers](), list[Row](), list[Row]()
    for row in rows:
        said = _said(program, [row])
        (refused if said is None else answered).append(row)
        alone += [] if said is None else [said]
    if answered and (wrong := _compared(program, pipeline, alone, answered)):
        return wrong
    taken = [row for row in refused[:REFUSED_LOOKED_AT] if _said(pipeline, [row]) is not None]
    return f"{len(refused)} rows are refused that the pipeline answers" if taken else ""


def _said(program: Program, rows: Sequence[Row]) -> Answers | None:
    try:
        return program(rows)
    except (Unanswerable, MlopsError):
        return None


def _compared(
    program: Program, pipeline: Program, alone: list[Answers], rows: Sequence[Row]
) -> str:
    wanted, together = _said(pipeline, rows), _said(program, rows)
    if wanted is None or together is None:
        return "rows are answered that the pipeline refuses"
    one_by_one = Answers(
        [each.values[0] for each in alone],
        None if together.probabilities is None else [each.probabilities[0] for each in alone],  # type: ignore[index]
    )
    wrong = max(_unlike(each, wanted) for each in (one_by_one, together))
    return f"{wrong} of {len(rows)} rows are answered otherwise" if wrong else ""


def _unlike(said: Answers, wanted: Answers) -> int:
    """How many rows differ: labels at all, numbers by more than rounding."""
    import numpy as np

    values, expected = np.array(said.values), np.array(wanted.values)
    if values.dtype.kind == "f" and expected.dtype.kind == "f":
        wrong = ~_close(values, expected)
    else:
        wrong = np.array([a != b for a, b in zip(said.values, wanted.values, strict=True)])
    if (said.probabilities is None) != (wanted.probabilities is None):
        return len(values)
    if wanted.probabilities is not None:
        wrong |= ~_close(np.array(said.probabilities), np.array(wanted.probabilities)).all(axis=1)
    return int(wrong.sum())


def _close(values: Any, expected: Any) -> Any:
    import numpy as np

    return np.isclose(values, expected, rtol=CLOSE, atol=CLOSE)
