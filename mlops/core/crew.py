"""The nouns of work done elsewhere: what became of a task, and the crew that does it here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

# What a worker is made of: called once in it, gives the function that does a task.
# That function takes the task and a way to tell the driver something meanwhile.
Tell = Callable[[Any], None]
Work = Callable[[Any, Tell], Any]
Setup = Callable[[], Work]

RAISED, TIME_LIMIT, KILLED = "raised", "time limit", "killed"
OUT_OF_MEMORY, EXITED, CANCELLED = "out of memory", "exited", "cancelled"


@dataclass(frozen=True)
class Told:
    """Something a task says while it goes on."""

    key: Any
    content: Any


@dataclass(frozen=True)
class Ended:
    """A task that gave its value.

    Parameters
    ----------
    key : object
        As given to ``start``.
    value : object
    seconds : float
    """

    key: Any
    value: Any
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A task that gave none; the others go on.

    Parameters
    ----------
    key : object
    reason : str
        ``raised``, ``time limit``, ``killed``, ``out of memory``, ``exited`` or ``cancelled``.
    says : str
        The whole reason in one line.
    seconds : float
    """

    key: Any
    reason: str
    says: str
    seconds: float


Event = Told | Ended | Failed


class Crew(Protocol):
    """Workers that take tasks and tell what becomes of them; usable in a ``with`` block only.

    Attributes
    ----------
    size : int
        How many tasks run at once.
    """

    size: int

    def __enter__(self) -> Crew: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def free(self) -> int:
        """How many tasks could start at once."""

    def start(self, key: Any, task: Any, *, limit_s: float | None = None) -> None:
        """Have `task` done as soon as a worker is free; `limit_s` counts from then."""

    def cancel(self, key: Any, says: str) -> None:
        """Stop a task, or forget that it waits; it then is ``Failed`` for `says`."""

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None after `timeout_s`, or where no task is left."""


def events(crew: Crew) -> Iterator[Event]:
    """What happens, until no task is left; more may be started meanwhile."""
    while (event := crew.next()) is not None:
        yield event


class Here:
    """A crew of this process alone: one task at a time, no time limit, no protection from a crash.

    Parameters
    ----------
    work : callable
        Does a task.

    Examples
    --------
    >>> with Here(lambda task, tell: task * 2) as crew:
    ...     crew.start("a", 21)
    ...     [event.value for event in events(crew)]
    [42]
    """

    size = 1

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[tuple[Any, Any]] = deque()
        self._events: deque[Event] = deque()

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()

    @property
    def free(self) -> int:
        """One, if nothing waits."""
        return int(not self._waiting)

    def start(self, key: Any, task: Any, *, limit_s: float | None = None) -> None:
        """Keep `task` for the next call of :meth:`next`."""
        self._waiting.append((key, task))

    def cancel(self, key: Any, says: str) -> None:
        """Forget a task that waits."""
        self._waiting = deque(each for each in self._waiting if each[0] != key)
        self._events.append(Failed(key, CANCELLED, says, 0.0))

    def next(self, timeout_s: float | None = None) -> Event | None:
        """Do the task that has waited longest, and tell."""
        if not self._events and self._waiting:
            key, task = self._waiting.popleft()
            began = perf_counter()
            try:
                value = self._work(task, lambda content: self._events.append(Told(key, content)))
                self._events.append(Ended(key, value, perf_counter() - began))
            except Exception as error:  # whatever a task raises is its result
                reason, says = told(error)
                self._events.append(Failed(key, reason, says, perf_counter() - began))
        return self._events.popleft() if self._events else None


def told(error: BaseException) -> tuple[str, str]:
    """Reason and words for what a task raised.

    >>> told(ValueError("no such thing"))
    ('raised', 'ValueError: no such thing')
    """
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY, f"out of memory: {error}".strip(": ")
    problems = getattr(error, "problems", ())
    if problems:
        return RAISED, f"{problems[0].says} ({problems[0].found})"[:300]
    return RAISED, f"{type(error).__name__}: {error}".split("\n")[0][:300]
