"""The one error of the house: a list of problems, each told in five parts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

USER, REFUSED, ENVIRONMENT, BUG, SWEEP, INTERRUPTED = 2, 3, 4, 5, 6, 130


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, told so that the reader can mend it.

    Parameters
    ----------
    code : str
        Short kebab-case name, stable between releases (``unknown-key``).
    says : str
        The sentence a reader sees first.
    where : str
        File and line, command-line argument, column or key.
    found, accepted : str
        What was there, and what may be there.
    closest : str
        The accepted word nearest to what was found; empty where there is none.
    next_step : str
        What to type or change now.
    exit_code : int
        2 the user's input, 3 refused by a gate or policy, 4 the environment, 5 a bug.
    """

    code: str
    says: str
    where: str
    found: str
    accepted: str
    next_step: str
    closest: str = ""
    exit_code: int = USER

    def __post_init__(self) -> None:
        # What was found may be anything that YAML can say.
        object.__setattr__(self, "found", str(self.found))

    def __str__(self) -> str:
        parts = [
            ("where", self.where),
            ("found", self.found),
            ("accepted", self.accepted),
            ("closest", self.closest or "-"),
            ("next", self.next_step),
        ]
        lines = [f"error[{self.code}] {self.says}"]
        lines += [f"  {name:<9} {text}" for name, text in parts]
        return "\n".join(lines)


class MlopsError(Exception):
    """Raised for everything that is not a bug of ours.

    Parameters
    ----------
    *problems : Problem
        At least one; all of them are shown together.

    Examples
    --------
    >>> error = MlopsError(Problem(code="no-file", says="The file is not there.", where="data.path",
    ...     found="a.csv", accepted="an existing file", next_step="correct data.path"))
    >>> error.exit_code
    2
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    @property
    def exit_code(self) -> int:
        """3 wins over 2 (DESIGN law 8); otherwise the largest code."""
        codes = {problem.exit_code for problem in self.problems}
        return REFUSED if REFUSED in codes else max(codes)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def fail(code: str, says: str, **parts: object) -> MlopsError:
    """Build a :class:`MlopsError` of one problem: ``raise fail("no-file", ..., where=...)``."""
    return MlopsError(Problem(code=code, says=says, **parts))  # type: ignore[arg-type]


def closest(word: object, words: Iterable[object]) -> str:
    """Return the accepted word most like `word`, or an empty string.

    >>> closest("aplha", ["alpha", "solver"])
    'alpha'
    """
    known = {str(each).lower(): str(each) for each in words}
    letters = sorted(str(word).lower())
    swapped = [name for name in known if name != str(word).lower() and sorted(name) == letters]
    if swapped:
        return known[swapped[0]]
    match = difflib.get_close_matches(str(word).lower(), known, n=1, cutoff=0.6)
    return known[match[0]] if match else ""


def listed(words: Iterable[object], most: int = 12) -> str:
    """Join accepted words for an error line, cut after `most` of them.

    >>> listed(["b", "a"])
    'b, a'
    """
    texts = [str(word) for word in words]
    tail = f", … ({len(texts) - most} more)" if len(texts) > most else ""
    return ", ".join(texts[:most]) + tail


def counted(count: int, what: str) -> str:
    """A number and the noun that goes with it.

    >>> counted(1, "record"), counted(1200, "act"), counted(2, "history")
    ('1 record', '1,200 acts', '2 histories')
    """
    if count == 1:
        return f"1 {what}"
    many = f"{what[:-1]}ies" if what.endswith("y") and what[-2] not in "aeo" else f"{what}s"
    return f"{count:,} {many}"


def one_of(key: str, value: object, accepted: Iterable[object]) -> None:
    """Refuse a `value` of `key` that is not `accepted`.

    Raises
    ------
    MlopsError
        With the code ``not-accepted``.
    """
    words = list(accepted)
    if value not in words:
        nearest = closest(value, words)
        raise fail(
            "not-accepted",
            f"{key} cannot be {value!r}.",
            where=key,
            found=repr(value),
            accepted=listed(words),
            closest=nearest,
            next_step=f"write {key}={nearest or words[0]}",
        )
