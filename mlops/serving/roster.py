"""What the supervisor knows of its processes: versions on their way, and fronts that serve them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

from mlops.core.errors import Problem
from mlops.serving.child import Child
from mlops.serving.fleet import Fleet, Place
from mlops.serving.giving_way import ALWAYS, NEVER, WHILE_LOADING
from mlops.serving.table import MAIN, SHADOW, Table

START_S = 30.0  # for a front to take orders; longer after one that died of it
LOAD_S = 100.0  # for a version to be ready; twice as long at the second try
GAPS_S = 30.0  # for one that is loaded in the gaps that others leave


@dataclass(eq=False)
class Model:
    """A version and its model process.

    Parameters
    ----------
    number : int
    place : Place
    socket : str
        Name of its bench; each process has its own.
    role : str
        In which it is needed; one in the shadow gives way to others.
    pickled : bytes
        What fronts get; empty until it is ready.
    summary : dict
        Of what it is, for the status.
    problem : Problem or None
        Why it cannot be served.
    hung : int
        Processes that were given up while they loaded it.
    in_gaps : bool
        Whether it is loaded when nobody else wants the core.
    """

    number: int
    place: Place
    socket: str = ""
    role: str = MAIN
    pickled: bytes = b""
    summary: dict[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    hung: int = 0
    in_gaps: bool = False
    is_leaving: bool = False


@dataclass(eq=False)
class Front:
    """A process that answers callers.

    Parameters
    ----------
    place : Place
    is_ready : bool
        Whether it takes orders.
    has, got : set of int
        Versions it has at hand, and those it was sent.
    generation, sent : int
        Of the table it goes by, and of the one that it was sent.
    """

    place: Place
    is_ready: bool = False
    has: set[int] = field(default_factory=set)
    got: set[int] = field(default_factory=set)
    generation: int = -1
    sent: int = -1

    def hangs(self, now: float) -> bool:
        """Whether it has had its time to start, or to answer."""
        if not self.is_ready:
            return self.place.has_had(START_S * (1 + self.place.deaths), now)
        return self.place.is_silent(now)


class Roster:
    """Versions and fronts, and the orders that keep them together.

    Parameters
    ----------
    fleet : Fleet
    folder : pathlib.Path
        Where processes work.
    start : callable
        Starts a model process: number, name of its socket, when it gives way to others.
    """

    def __init__(self, fleet: Fleet, folder: Path, start: Callable[[int, str, str], Child]) -> None:
        self.fleet, self.folder, self._start = fleet, folder, start
        self.models: dict[int, Model] = {}
        self.fronts: list[Front] = []
        self._serial = count()

    # Versions.

    def need(self, number: int, role: str) -> None:
        """Have a version made ready, if it is not on its way already."""
        if (known := self.models.get(number)) is not None:
            self._moved(known, role)
            return

        def start() -> Child:
            (self.folder / model.socket).unlink(missing_ok=True) if model.socket else None
            # One that callers wait for, or that found no gaps, is loaded like any other work.
            model.in_gaps = not model.socket and model.role != SHADOW and bool(self.ready)
            model.socket = f"bench-{number}-{next(self._serial)}.sock"
            gives_way = WHILE_LOADING if model.in_gaps else NEVER
            return self._start(number, model.socket, ALWAYS if model.role == SHADOW else gives_way)

        model = self.models[number] = Model(number, Place(f"version {number}", start), role=role)
        model.place.owner = model
        self.fleet.add(model.place)

    def _moved(self, model: Model, role: str) -> None:
        """A version has another role: a process that gave way to others is replaced first."""
        if model.pickled:
            is_slow, model.role = model.role == SHADOW != role, role
            if is_slow:
                model.place.renew()

    @property
    def ready(self) -> set[int]:
        """Versions that every front has at hand, and whose model process is there."""
        fronts = [each for each in self.fronts if each.is_ready]
        return {
            number
            for number, model in self.models.items()
            if model.pickled and model.place.is_well and not model.is_leaving
            if all(number in front.has for front in fronts)
        }

    def unfit(self) -> list[int]:
        """Versions that cannot be served."""
        return [each.number for each in self.models.values() if each.problem is not None]

    def again(self) -> None:
        """Forget that versions failed: something has changed, and they may be tried once more."""
        for model in [each for each in self.models.values() if each.problem is not None]:
            del self.models[model.number]

    def starved(self) -> list[Model]:
        """Versions for which others have left too few gaps."""
        now = monotonic()
        return [
            each
            for each in self.models.values()
            if each.in_gaps and not each.pickled and each.place.has_had(GAPS_S, now)
        ]

    def late(self) -> list[Model]:
        """Versions whose process should have been ready long ago."""
        now = monotonic()
        return [
            each
            for each in self.models.values()
            if not each.place.is_well
            and each.problem is None
            and each.place.has_had(LOAD_S * (1 + each.hung), now)
        ]

    def failed(self, model: Model, problem: Problem) -> None:
        """A version cannot be served; its process goes."""
        model.problem, model.pickled = problem, b""
        for front in self.fronts:
            if model.number in front.got:
                front.place.send("drop", model.number)
        self._gone(model)

    def release(self, needed: Iterable[int]) -> None:
        """Let go of every version that is not `needed`, after its last request."""
        kept = set(needed)
        for model in list(self.models.values()):
            if model.number in kept and not model.is_leaving:
                continue
            have = [front for front in self.fronts if model.number in front.got]
            if not have:
                if model.pickled and model.place.child is not None:
                    model.place.send("end")
                    self._gone(model, kills=False)
                elif model.problem is None:
                    self._gone(model)
                del self.models[model.number]
            elif not model.is_leaving:
                model.is_leaving = True
                for front in have:
                    front.place.send("drop", model.number)

    def _gone(self, model: Model, *, kills: bool = True) -> None:
        if model.place in self.fleet.places:
            self.fleet.remove(model.place) if kills else self.fleet.let_go(model.place)
        (self.folder / model.socket).unlink(missing_ok=True)

    # Fronts.

    def front(self, name: str, start: Callable[[], Child]) -> None:
        """Have one front more."""
        front = Front(Place(name, start))
        front.place.owner = front
        self.fronts.append(front)
        self.fleet.add(front.place)

    def tell(self, table: Table) -> None:
        """Send the table to every front that has its versions."""
        for front in self.fronts:
            has_all = front.has.issuperset(table.numbers.values())
            if front.is_ready and has_all and front.sent != table.generation:
                front.sent = table.generation
                front.place.ask("table", table)

    def hand_out(self) -> None:
        """Send every version that is ready to every front that has not got it."""
        for number, model in self.models.items():
            if not model.pickled or model.is_leaving:
                continue
            for front in self.fronts:
                if front.is_ready and number not in front.got:
                    front.got.add(number)
                    front.place.ask("load", number, model.pickled, model.socket)

    def rebench(self, model: Model) -> None:
        """Another model process stands in: tell whoever may ask it."""
        for front in self.fronts:
            if model.number in front.got:
                front.place.send("bench", model.number, model.socket)

    def dropped(self, front: Front, number: int) -> None:
        """A front has no request for a version any more."""
        front.got.discard(number)
        front.has.discard(number)

    def lost(self, front: Front) -> None:
        """A front died; its successor knows nothing yet."""
        front.is_ready, front.generation, front.sent = False, -1, -1
        front.has.clear()
        front.got.clear()

    def agree(self, generation: int, *, all_of_them: bool) -> bool:
        """Whether every front goes by that table; at first all have to be there."""
        asked = [each for each in self.fronts if each.is_ready or all_of_them]
        return bool(asked) and all(each.generation == generation for each in asked)

    def look_after(self) -> list[Place]:
        """Ask who has said nothing for a while; give those that no longer answer."""
        now = monotonic()
        benches = [each.place for each in self.models.values() if each.place.is_well]
        for place in [*benches, *(front.place for front in self.fronts if front.is_ready)]:
            place.look_after(now)
        return [
            *(place for place in benches if place.is_silent(now)),
            *(front.place for front in self.fronts if front.hangs(now)),
        ]
