"""What a caller is told when a request cannot be answered: code, path and what is accepted."""

from __future__ import annotations

from dataclasses import dataclass

# Every code that an answer may carry, with its HTTP status; metrics count by these, so the list
# is short and closed. The first group is the caller's to mend.
STATUS = {
    "invalid-json": 400,
    "invalid-body": 400,
    "duplicate-key": 400,
    "too-deep": 400,
    "not-accepted": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not-found": 404,
    "not-allowed": 405,
    "slow": 408,
    "too-large": 413,
    "too-many-rows": 413,
    "content-type": 415,
    "content-encoding": 415,
    "key-missing": 422,
    "key-unknown": 422,
    "column-missing": 422,
    "column-unknown": 422,
    "value-type": 422,
    "value-missing": 422,
    "value-range": 422,
    "value-unseen": 422,
    "text-too-long": 422,
    "shape": 422,
    "unsupported": 422,
    "busy": 429,
    "failed": 500,
    "unavailable": 503,
    "not-ready": 503,
    "timeout": 504,
}
MOST = 20  # problems told of one request


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong in a request; no text of it is ever a value that was sent.

    Parameters
    ----------
    code : str
        A key of :data:`STATUS`.
    says : str
        A sentence.
    path : str
        Where in the body, e.g. ``rows[0].age``; empty for the request as a whole.
    accepted : str
    closest : str
        The accepted word nearest to what was found.
    """

    code: str
    says: str
    path: str = ""
    accepted: str = ""
    closest: str = ""

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        accepted = f" Accepted: {self.accepted}." if self.accepted else ""
        closest = f" Did you mean {self.closest}?" if self.closest else ""
        return f"{place}{self.says}{accepted}{closest}"


class Refusal(Exception):
    """A request that gets no prediction.

    Parameters
    ----------
    *wrong : Wrong
        At least one; the first decides on code and status.
    retry_s : int
        After so many seconds it may be tried again; 0 where that would not help.

    Examples
    --------
    >>> refusal = Refusal(Wrong("value-type", "This is no number.", "rows[0].age", "a number"))
    >>> refusal.status, str(refusal)
    (422, 'rows[0].age: This is no number. Accepted: a number.')
    """

    def __init__(self, *wrong: Wrong, retry_s: int = 0) -> None:
        super().__init__(*wrong)
        self.wrong = wrong
        self.retry_s = retry_s

    @property
    def code(self) -> str:
        """Of the first problem."""
        return self.wrong[0].code

    @property
    def status(self) -> int:
        """Of HTTP."""
        return STATUS[self.code]

    def __str__(self) -> str:
        return " ".join(map(str, self.wrong))


def refused(
    code: str, says: str, path: str = "", accepted: str = "", closest: str = "", retry_s: int = 0
) -> Refusal:
    """A refusal of one problem: ``raise refused("no-rows", ...)``."""
    return Refusal(Wrong(code, says, path, accepted, closest), retry_s=retry_s)
