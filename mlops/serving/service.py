"""One service, from its first version to its last answer.

At every event what is wanted is compared with what is, and the difference is ordered; so it does
not matter in which order processes get ready, die, and come back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from mlops.core.errors import MlopsError, Problem
from mlops.core.serving import DRAINING, ENDED, READY, STARTING, Spec, Status
from mlops.registry.deployments import FIRST_SERVED, note
from mlops.registry.ledger import Ledger
from mlops.registry.versions import Versions
from mlops.serving import orders, plan, refusals
from mlops.serving.fleet import Fleet, Place
from mlops.serving.news import told
from mlops.serving.roster import Front, Model, Roster
from mlops.serving.settings import Settings
from mlops.serving.standing import Standing
from mlops.serving.start import Addresses, Start
from mlops.serving.table import MAIN, ROLES, Table
from mlops.serving.watch import Asked, Wanted, Watch, check_numbers, waits

LOOK_S = 0.1  # between two looks at the ledger
GRACE_S = 3.0  # beyond the time that requests under way are given
STILLBORN = 5  # deaths in a row before the first answer


class Service:
    """The processes that serve one model.

    Parameters
    ----------
    spec : Spec
    folder : pathlib.Path
        Private; the processes work there.
    addresses : Addresses
    tell : callable
        Gets a line for people at every change.
    """

    def __init__(
        self, spec: Spec, folder: Path, addresses: Addresses, tell: Callable[[str], None]
    ) -> None:
        self.spec, self.addresses, self.tell = spec, addresses, tell
        self.settings = Settings.of(spec.settings)
        ledger = Ledger(Path(spec.ledger), spec.model)
        self.versions = Versions(Path(spec.outputs), spec.model, ledger=ledger)
        self.watch = Watch(self.versions)
        canary, share = self.settings.canary, self.settings.canary_share
        self.asked = Asked(spec.version, canary, share, self.settings.shadow)
        self.start = Start(spec, folder, addresses)
        self.fleet = Fleet()
        self.roster = Roster(self.fleet, folder, self.start.model)
        self.table, self.wanted = Table(), Wanted(0, {})
        first = Status(pid=os.getpid(), state=STARTING, url=addresses.url, grpc=addresses.grpc)
        self.standing = Standing(spec.folder, first, tell)
        self._trouble = ""  # with the ledger
        self._noted: set[tuple[str, int]] = set()

    @property
    def status(self) -> Status:
        """How it stands."""
        return self.standing.status

    def run(self, ending: Any) -> Status:
        """Serve until somebody asks for the end.

        Parameters
        ----------
        ending : mlops.serving.supervisor.Ending

        Raises
        ------
        MlopsError
            There is no version that can be served, or processes die as soon as they are started.
        """
        self.fleet.also(ending.wake)
        self._begin()
        while not ending.times:
            self._step()
        self._drain(ending)
        return self.status

    def close(self) -> None:
        """End every process, at once."""
        self.fleet.close()
        self.addresses.close()
        self.standing.says(state=ENDED, serving=())

    def _begin(self) -> None:
        self.watch.changed()
        self._look()
        check_numbers(self.asked, self.wanted.names, len(self.versions.all()), self.spec.model)
        self._advance()  # the version first: everybody waits for it
        for index in range(len(self.addresses.sockets)):
            self.roster.front(f"worker {index}", partial(self.start.worker, index))
        if self.addresses.held is not None:
            self.roster.front("the gRPC process", self.start.grpc)
        self.fleet.add(Place("the log process", self.start.log))

    def _step(self) -> None:
        for place, message in self.fleet.heard(LOOK_S):
            self._heard(place, message)
        self.fleet.fill()
        if self.watch.changed():
            self._look()
        if not self.standing.is_written:
            self.standing.write()
        for model in self.roster.starved():
            self.tell(f"version {model.number} waits for no more gaps to be loaded in")
            model.place.renew()
        for model in self.roster.late():
            self._late(model)
        for place in self.roster.look_after():
            self._give_up(place)
        self._advance()

    # What is wanted, and what is.

    def _look(self) -> None:
        """Read the ledger; one that cannot be read changes nothing."""
        try:
            self.wanted = self.watch.wanted(self.asked)
        except MlopsError as error:
            if not self.table.numbers:
                raise
            self._trouble = told(error.problems[0])
            return
        self._trouble = ""
        self.roster.again()

    def _advance(self) -> None:
        """Order what is still to be done; nothing, if all is as it is wanted."""
        wanted, roster = self.wanted, self.roster
        for role in ROLES:
            if number := wanted.numbers[role]:
                roster.need(number, role)
        roster.hand_out()
        now = plan.numbers(wanted.numbers, self.table.numbers, roster.ready)
        called, share = self.asked.main, self.asked.share
        table = plan.table(self.table.generation, wanted, now, called=called, share=share)
        if table != self.table:
            self.table = replace(table, generation=table.generation + 1)
            self._noted &= set(now.items())
        roster.tell(self.table)
        if roster.agree(self.table.generation, all_of_them=self.status.state == STARTING):
            self._agreed()

    def _agreed(self) -> None:
        """Every front goes by the table: let the others go, and say how it stands."""
        wanted, models = self.wanted, self.roster.models
        self.roster.release({*wanted.numbers.values(), *self.table.numbers.values()})
        failed = [
            models[number]
            for number in wanted.numbers.values()
            if number in models and models[number].problem is not None
        ]
        problem = told(failed[0].problem) if failed else self._trouble  # type: ignore[arg-type]
        if failed and MAIN not in self.table.numbers and failed[0].role == MAIN:
            raise MlopsError(failed[0].problem)  # type: ignore[arg-type]
        is_settled = all(
            not number or number in self.table.numbers.values() or models.get(number) in failed
            for number in wanted.numbers.values()
        )
        self.standing.says(
            state=READY if MAIN in self.table.numbers else STARTING,
            seq=wanted.seq if is_settled else self.status.seq,
            serving=plan.rows(self.table, {each: models[each].summary for each in models}),
            problem=problem,
            problem_seq=wanted.seq if problem else 0,
            waits=waits(self.asked, wanted.names),
        )

    # What processes say.

    def _heard(self, place: Place, message: Any) -> None:
        owner = place.owner
        if message is None:
            self._died(place)
        elif message == ("pong",):
            place.answers()
        elif isinstance(owner, Model):
            self._of_model(owner, *message)
        elif isinstance(owner, Front):
            kind, *rest = message
            getattr(self, f"_{kind}")(owner, *rest)

    def _died(self, place: Place) -> None:
        cause, owner = place.died(), place.owner
        if isinstance(owner, Model) and not owner.pickled and not place.is_given_up:
            self._unfit(owner, f"its process {cause} while it was loading")
            return
        if isinstance(owner, Front):
            self.roster.lost(owner)
            if self.status.state == STARTING and place.deaths >= STILLBORN:
                raise refusals.not_started(place.name, cause, place.deaths)
        self.tell(f"{place.name} {cause} and is replaced")

    def _of_model(self, model: Model, kind: str, *rest: Any) -> None:
        if kind == "failed" and not model.pickled:
            self.roster.failed(model, Problem(**rest[0]))
        elif kind == "ready":
            is_first, model.place.is_well = not model.pickled, True
            model.pickled, model.summary = rest
            if not is_first:
                self.roster.rebench(model)

    def _unfit(self, model: Model, found: str) -> None:
        self.roster.failed(model, refusals.unfit(model.number, found))

    def _ready(self, front: Front) -> None:
        front.is_ready = True

    def _loaded(self, front: Front, number: int, problem: str) -> None:
        front.place.answers()
        model = self.roster.models.get(number)
        if not problem:
            front.has.add(number)
        elif number in self.table.numbers.values():  # others serve it: who cannot take it goes
            self.tell(f"{front.place.name}: {problem}")
            front.place.give_up()
        elif model is not None and model.problem is None:
            front.got.discard(number)
            self._unfit(model, problem)

    def _switched(self, front: Front, generation: int) -> None:
        front.place.answers()
        front.generation, front.place.is_well = generation, True  # now callers get in

    def _give_up(self, place: Place) -> None:
        """A process that hangs is ended; its end is heard of, and it is replaced."""
        self.tell(f"{place.name} does not answer")
        place.give_up()

    def _late(self, model: Model) -> None:
        """A version is given a second process, and twice the time; a third one if it serves."""
        model.hung += 1
        if model.hung > 1 and not model.pickled:
            self._unfit(model, "two processes hung while they loaded it")
        else:
            self._give_up(model.place)

    def _dropped(self, front: Front, number: int) -> None:
        self.roster.dropped(front, number)

    def _first(self, _: Front, number: int) -> None:
        """A version answered for the first time since it has its role."""
        for role in [role for role, each in self.table.numbers.items() if each == number]:
            if (role, number) not in self._noted:
                self._noted.add((role, number))
                note(self.versions, FIRST_SERVED, version=number, role=role)

    def _admin(self, front: Front, number: int, verb: str, payload: dict[str, Any]) -> None:
        try:
            if orders.known(verb) == orders.TRAFFIC:
                known = len(self.versions.all())
                self.asked = orders.traffic(self.asked, payload, self.wanted, known)
            if verb != orders.STATUS:
                self._look()
                self._advance()
        except MlopsError as error:
            front.place.send("admin", number, asdict(error.problems[0]), {})
            return
        ordered = orders.ordered(self.asked, self.wanted, self.status, self.roster.unfit())
        front.place.send("admin", number, None, {**asdict(self.status), **ordered})

    # The end.

    def _drain(self, ending: Any) -> None:
        """Let nobody in, and wait for the last answers; who asks twice does not wait."""
        self.standing.says(state=DRAINING)
        self.addresses.close()
        fronts = [front.place for front in self.roster.fronts]
        for place in list(self.fleet.places):
            self.fleet.let_go(place)
        for place in fronts:
            place.send("end")
        self._until_ended(ending, fronts, self.settings.drain_s + GRACE_S)
        for place in self.fleet.places:
            if place.child is not None:
                place.child.terminate()
        self._until_ended(ending, list(self.fleet.places), GRACE_S)

    def _until_ended(self, ending: Any, places: list[Place], seconds: float) -> None:
        until = monotonic() + seconds
        while any(each in self.fleet.places for each in places):
            if monotonic() > until or ending.times > 1:
                return
            ending.heard()
            for _ in self.fleet.heard(LOOK_S):
                continue
