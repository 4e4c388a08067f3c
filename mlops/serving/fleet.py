"""The supervisor's processes: heard as they speak, replaced as they die."""

from __future__ import annotations

import selectors
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from mlops.serving.child import Child

SOON_S, LATE_S = 0.1, 5.0  # until one that died at once is started again: longer each time
LIVED_S = 2.0  # one that tells nothing is well when it has lived so long
ASKED_S, SILENT_S = 5.0, 15.0  # how often a process is asked, and when it is given up

Started = Callable[[], Child]


class Place:
    """A place that always has a process: when it ends, the next one is started.

    Parameters
    ----------
    name : str
        For people.
    start : callable
        Gives the process.

    Attributes
    ----------
    owner : object
        What the process is to its supervisor.
    child : Child or None
        None between two of them.
    is_well : bool
        Whether it has come so far that its end is no fault of its start.
    deaths : int
        In a row, of processes that never were.
    is_given_up : bool
        Whether it was told to end: it hung, or another one is wanted.
    owes : int
        Answers that it has not given yet.
    heard : float
        When it gave the last one, or was asked while it owed none.
    """

    def __init__(self, name: str, start: Started) -> None:
        self.name, self.start = name, start
        self.owner: Any = None
        self.child: Child | None = None
        self.deaths, self.due = 0, 0.0
        self.owes, self.heard = 0, 0.0
        self.is_well = self.is_leaving = self.is_given_up = False

    def send(self, *message: Any) -> None:
        """To the process, if there is one."""
        if self.child is not None:
            self.child.send(*message)

    def ask(self, *message: Any) -> None:
        """Send something that is answered at once by whoever is well."""
        if not self.owes:
            self.heard = monotonic()
        self.owes += 1
        self.send(*message)

    def answers(self) -> None:
        """It has answered."""
        self.owes, self.heard = self.owes - 1, monotonic()

    def look_after(self, now: float) -> None:
        """Ask it something, if it has said nothing for a while."""
        if not self.owes and now - self.heard > ASKED_S:
            self.ask("ping")

    def is_silent(self, now: float) -> bool:
        """Whether it has had its time to answer."""
        return bool(self.owes) and now - self.heard > SILENT_S and self.has_had(0.0, now)

    def has_had(self, seconds: float, now: float) -> bool:
        """Whether its process began so long ago, and is not on its way out."""
        child = self.child
        return child is not None and not self.is_given_up and now - child.began > seconds

    def give_up(self) -> None:
        """End a process that hangs; it leaves word of where it did."""
        if self.child is not None:
            self.is_given_up = True
            self.child.abort()

    def renew(self) -> None:
        """Have another process here; there is none that is well until that one is."""
        if self.child is not None:
            self.is_well, self.is_given_up = False, True
            self.child.terminate()

    def died(self) -> str:
        """See the process out; give how it ended."""
        assert self.child is not None
        has_lived = self.owner is None and monotonic() - self.child.began > LIVED_S
        self.deaths = 0 if self.is_well or has_lived else self.deaths + 1
        pause = min(LATE_S, SOON_S * 2 ** (self.deaths - 2)) if self.deaths > 1 else 0.0
        self.due = monotonic() + pause
        cause, self.child, self.is_well = self.child.end(), None, False
        return cause


class Fleet:
    """All processes of a supervisor.

    Examples
    --------
    >>> fleet = Fleet()
    >>> list(fleet.heard(0.0))
    []
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._selector = selectors.DefaultSelector()

    def also(self, file: Any) -> None:
        """Wake up when there is something to read in `file`, too."""
        self._selector.register(file, selectors.EVENT_READ, None)

    def add(self, place: Place) -> None:
        """Have a place filled from now on."""
        self.places.append(place)
        self._fill(place)

    def remove(self, place: Place) -> None:
        """End its process, and start no other."""
        self.places.remove(place)
        child, place.child = place.child, None
        if child is not None:
            self._forget(child)
            child.process.kill()
            child.end()

    def let_go(self, place: Place) -> None:
        """Start no other process when this one ends, which it does by itself."""
        place.is_leaving = True
        if place.child is None:
            self.places.remove(place)

    def fill(self) -> None:
        """Start a process wherever one is due."""
        now = monotonic()
        for place in self.places:
            if place.child is None and place.due <= now:
                self._fill(place)

    def heard(self, timeout_s: float) -> Iterator[tuple[Place, Any]]:
        """What processes say within some time; None is the last thing that one says."""
        for place in self.places:
            if place.child is not None:
                more = selectors.EVENT_WRITE if place.child.is_waiting else 0
                self._selector.modify(place.child.wire, selectors.EVENT_READ | more, place)
        for key, events in self._selector.select(timeout_s):
            place = key.data
            if not isinstance(place, Place) or place.child is None:
                continue
            if events & selectors.EVENT_WRITE:
                place.child.flush()
            try:
                for message in place.child.told():
                    yield place, message
            except EOFError:
                if place.is_leaving:
                    self.remove(place)
                elif place.child is not None:
                    self._forget(place.child)
                    yield place, None

    def close(self) -> None:
        """End every process, at once."""
        for place in list(self.places):
            self.remove(place)
        self._selector.close()

    def _fill(self, place: Place) -> None:
        place.child, place.is_well, place.is_given_up = place.start(), False, False
        place.owes, place.heard = 0, monotonic()
        self._selector.register(place.child.wire, selectors.EVENT_READ, place)

    def _forget(self, child: Child) -> None:
        try:
            self._selector.unregister(child.wire)
        except (KeyError, ValueError):  # forgotten already
            return
