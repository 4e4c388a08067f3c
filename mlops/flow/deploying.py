"""Puts versions of a model online: by the deployer that is chosen, or the one that did it last.

Whatever is champion from then on is watched by the chosen monitor.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from mlops.config.job import Job
from mlops.config.origin import words_for
from mlops.core.errors import MlopsError
from mlops.core.secret import masked
from mlops.core.serving import Spec, is_running
from mlops.core.store import key_of
from mlops.core.version import UNDONE
from mlops.flow.online import expected, online, spec_of, words_of
from mlops.registry.charge import Charge, kept
from mlops.registry.deployments import DEPLOYED as EVENT
from mlops.registry.deployments import note, place
from mlops.registry.intent import Intent
from mlops.registry.refusals import which_deployer, which_settings
from mlops.registry.versions import Versions

DEPLOYED = "champion"  # the alias that what is deployed follows
NOBODY, UNWATCHED = "dry_run", "silent"
ROOM = "deployer"


class Deploying:
    """What an act asks of a deployer.

    Whoever put a model online has charge of it: later acts reach the same deployer, whether it is
    named again or not. Where a model goes is never read from the outputs, only compared: if the
    deployer's values are others than the last time, the act is refused before anything is written.

    Parameters
    ----------
    job : Job
    versions : Versions

    Attributes
    ----------
    told : list of str
        What deployers said, for people.
    """

    def __init__(self, job: Job, versions: Versions) -> None:
        self.job, self.versions = job, versions
        self.told: list[str] = []

    @property
    def is_chosen(self) -> bool:
        """Whether recipe, project or command line name a deployer."""
        return self.job.choices["deployer"] != NOBODY

    def by(self, alias: str) -> Charge | None:
        """Who puts online what gets `alias`; None for nobody.

        Raises
        ------
        MlopsError
            Who did it last has other values here (exit code 3).
        """
        if alias != DEPLOYED or ("deployer" in _typed(self.job) and not self.is_chosen):
            return None
        if self.is_chosen:
            chosen = self._charge(spec_of(self.job, self.versions))
            if ROOM not in _typed(self.job):
                self._as_before(chosen)
            return chosen
        charge = Charge.read(place(self.versions))
        if charge is not None:
            self._may_start(self._part(charge), charge)
        return charge

    def began(self, spec: Spec, number: int) -> None:
        """Take note of a server that was started by hand; only the champion is followed later."""
        if spec.version == DEPLOYED:
            replace(self._charge(spec), version=number).write(place(self.versions))
        else:
            self.ended()

    def ended(self) -> None:
        """Nothing that a server of ours had online is online any more, nor put there again."""
        with suppress(MlopsError):  # another deployer's, or one that nobody understands
            charge = Charge.read(place(self.versions))
            if charge is not None and hasattr(self.job.other(ROOM, charge.deployer), "serves"):
                Charge.end(place(self.versions))

    def _charge(self, spec: Spec) -> Charge:
        """Whoever is chosen, and what its server has for settings, or would have."""
        job, settings, words = self.job, "", _words(self.job)
        if hasattr(job.part(ROOM), "serves"):
            expected(job, self.versions)
            spec = online(spec)
            settings, words = key_of(spec.settings), (*words, *words_of(spec))
        option, key = job.choices[ROOM], key_of(job.values[ROOM])
        return Charge(deployer=option, key=key, words=kept(words), settings=settings)

    def _as_before(self, charge: Charge) -> None:
        """A recipe that names the deployer does not bring back a server with other settings."""
        last = Charge.read(place(self.versions))
        if last is not None and last.deployer == charge.deployer:
            self._may_start(self.job.part(ROOM), last)

    def _may_start(self, part: Any, charge: Charge) -> None:
        """Make sure that a server that does not run comes back as it was, or not at all."""
        if not hasattr(part, "serves"):
            return
        spec = spec_of(self.job, self.versions)
        if not is_running(spec.folder) and charge.settings != key_of(spec.settings):
            raise which_settings(self.versions.model, charge)

    def behind(self) -> tuple[str, ...]:
        """A line where something else is online here than the champion, and does not follow.

        Whoever promotes elsewhere, on a branch that is fetched here, puts nothing online here.
        """
        model, now = self.versions.model, self.versions.holder(DEPLOYED)
        try:
            charge = Charge.read(place(self.versions))
        except MlopsError as error:  # whoever only looks is told, and goes on
            step = f"mlops promote name={model} version={DEPLOYED} deployer=OPTION"
            return (f"{error.problems[0].says} {step} puts it there again",)
        if charge is None or now is None or charge.version in (0, now.version):
            return ()
        with suppress(MlopsError):  # a deployer that is no option here follows nothing
            if hasattr(self._part(charge), "serves"):
                return ()
        online = f"{charge.deployer} has version {charge.version} online"
        step = f"mlops promote name={model} version={DEPLOYED} puts it there"
        return (f"{online}, and version {now.version} is {DEPLOYED}: {step}",)

    def __call__(self, intent: Intent) -> None:
        """Put online what an act asks for, and note how long that took."""
        if intent.alias != DEPLOYED:
            return
        by = intent.by
        if intent.act == UNDONE:
            last = Charge.read(place(self.versions))
            if by is None or last is None or last.deployer != by.deployer:
                return  # nothing of it was ever online, or it is online elsewhere
            by = last
        self._deploy(by, intent)

    def _deploy(self, by: Charge | None, intent: Intent) -> None:
        began, number, part = perf_counter(), intent.version, self._ready(by)
        folder: Path = self.versions.shelf.place(number)
        says = masked(str(part.deploy(self.versions.model, folder)))
        seconds = round(perf_counter() - began, 4)
        if by is not None:
            replace(by, version=number).write(place(self.versions))
            self.told.append(f"{by.deployer}: {says}")
        option = by.deployer if by else NOBODY
        told = {"by": option, "seconds": seconds, "says": says, "intent": intent.key}
        note(self.versions, EVENT, version=number, **told)
        self._watch(folder)

    def _watch(self, folder: Path) -> None:
        """Have the monitor look at what is online now; an act does not fail because it cannot."""
        option = self.job.choices["monitor"]
        try:
            says = str(self.job.part("monitor").watch(self.versions.model, folder))
        except Exception as error:
            problem = error.problems[0].says if isinstance(error, MlopsError) else str(error)
            says = f"{self.versions.model} is not watched: {problem}"
        if option != UNWATCHED:
            self.told.append(f"{option}: {masked(says)}")

    def _ready(self, by: Charge | None) -> Any:
        """The deployer in charge; one that serves from here is told what it is to do."""
        deployer = self._part(by)
        if by is not None and hasattr(deployer, "serves"):
            self._may_start(deployer, by)
            seq = self.versions.ledger.entries()[-1].seq
            deployer.serves(spec_of(self.job, self.versions), seq=seq)
        return deployer

    def _part(self, charge: Charge | None) -> Any:
        """The deployer in charge, with values of the keyboard, the recipe or its option file."""
        job, option = self.job, charge.deployer if charge else NOBODY
        if option == job.choices["deployer"] and _fits(job.values["deployer"], charge):
            return job.part("deployer")
        declared = self._declared(option)
        if declared is not None and _fits(declared, charge):
            return job.other("deployer", option)
        assert charge is not None
        raise which_deployer(self.versions.model, charge)

    def _declared(self, option: str) -> dict[str, Any] | None:
        with suppress(MlopsError):
            return self.job.declared("deployer", option)
        return None


def _fits(node: dict[str, Any], charge: Charge | None) -> bool:
    return charge is None or key_of(node) == charge.key


def _typed(job: Job) -> set[str]:
    """The groups that are named on the command line."""
    return {word.partition("=")[0].lstrip("+") for word in job.words}


def _words(job: Job) -> tuple[str, ...]:
    """What was typed to choose the deployer: its values are not kept, they may be secrets."""
    option, typed = job.choices["deployer"], words_for(job.composed, "deployer")
    names = [word.partition("=")[0].lstrip("+") for word in typed]
    values = [f"{name}=…" for name in names if name != "deployer"]
    recipe = [] if "deployer" in names else [f"recipe={job.choices['recipe']}"]
    return (*recipe, *([f"deployer={option}"] if "deployer" in names else []), *values)
