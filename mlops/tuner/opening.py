"""Opens a study: a new one, the last one, or one that is shared; left with nothing running."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.core.errors import closest, fail
from mlops.core.paths import SAFE_NAME
from mlops.core.secret import Secret
from mlops.core.tuning import Objective
from mlops.tuner import storage as stores
from mlops.tuner.address import explained, knock, shown
from mlops.tuner.agreement import agree, description, nearness
from mlops.tuner.condition import Axis
from mlops.tuner.goals import Goal
from mlops.tuner.study import Study


@dataclass(frozen=True)
class Place:
    """Where a study is kept.

    Parameters
    ----------
    storage : str, Secret or None
        Address of a database, which several drivers may share; None: a file of its own.
    study : str or None
        Its name; None: the recipe's in a database, the run's key as a file.
    resume : bool
        Go on with the study of that name, or with the recipe's last one about the same.
    """

    storage: str | Secret | None
    study: str | None
    resume: bool

    @property
    def is_named(self) -> bool:
        """Whether the study is the same one without ``resume`` too."""
        return bool(self.storage or self.study)

    @property
    def again(self) -> str:
        """The words that go on with it."""
        return f"tuner.study={self.study} tuner.resume=true" if self.study else "tuner.resume=true"

    def none_yet(self, studies: Path | None) -> str:
        """What is said where there is nothing to resume, which may be the fault of a letter."""
        says = "there is no study to go on with: a new one begins"
        if not self.study or self.storage is not None or studies is None:
            return says
        known = {each.stem for each in studies.glob("*.journal")} - {self.study}
        near = closest(self.study, known)
        return f"{says}; did you mean tuner.study={near}?" if near else says

    def check(self, *, is_alone: bool) -> None:
        """Look at the name, and knock at the database; Optuna is not loaded.

        Raises
        ------
        MlopsError
            The name is not safe, the database does not answer, or there is one and the study is
            to have one driver alone.
        """
        if self.study is not None and not SAFE_NAME.match(self.study):
            raise _unsafe(self.study)
        if self.storage is not None:
            if is_alone:
                raise _not_alone()
            knock(self.storage)


@contextlib.contextmanager
def opened(
    place: Place,
    objective: Objective,
    axes: Sequence[Axis],
    goals: Sequence[Goal],
    *,
    pruner: Callable[[], Any] | None = None,
    **more: Any,
) -> Iterator[Study]:
    """Open the study that `place` names, or start it; what is not finished is left to others.

    Raises
    ------
    MlopsError
        It cannot be opened, another driver has it, or it is about something else.
    """
    with contextlib.ExitStack() as stack:
        if place.storage is not None:  # it may also go away in between
            stack.enter_context(explained(place.storage))
        ours = description(objective, axes, goals)
        store, name, where, is_new = _store(place, objective, ours, stack)
        found = _load(store, name, goals)
        found.pruner = _no_pruner() if pruner is None else pruner()
        agreed = agree(found, ours, place, is_new=is_new)
        is_shared = place.storage is not None
        if not is_shared:
            _leave_to_us(found)
        study = Study(found, axes, goals, key=agreed, is_shared=is_shared, where=where, **more)
        try:
            yield study
        finally:
            study.release()


def _store(
    place: Place, objective: Objective, ours: dict[str, Any], stack: Any
) -> tuple[Any, str, str, bool]:
    """The storage, the study's name in it, where that is, and whether it has to be a new one."""
    if place.storage is not None:
        name = place.study or objective.name
        where = f"{name} in {shown(place.storage)}"
        return stores.database(place.storage, _ask_again), name, where, False
    if objective.studies is None:
        from optuna.storages import InMemoryStorage

        return InMemoryStorage(), objective.name, "", True
    path = _file(place, objective, ours)
    stack.enter_context(stores.locked(path))
    return stores.journal(path), objective.name, str(path), not place.resume


def _file(place: Place, objective: Objective, ours: dict[str, Any]) -> Path:
    """The file of a study: to go on with, the last one that is about the same, or of the parts."""
    folder = objective.studies
    assert folder is not None
    if place.resume and not place.study:
        known = sorted(folder.glob("*.journal"), key=lambda path: path.stat().st_mtime)
        near = {path: nearness(stores.described(path), ours) for path in reversed(known)}
        nearest = max(near, key=lambda path: near[path], default=None)
        if nearest is not None and near[nearest]:
            return nearest
    name = place.study or objective.key or time.strftime("%Y%m%d-%H%M%S")
    return folder / f"{name}.journal"


def _load(store: Any, name: str, goals: Sequence[Goal]) -> Any:
    import optuna

    directions = ["maximize" if goal.is_greater_better else "minimize" for goal in goals]
    try:
        return optuna.create_study(storage=store, study_name=name, directions=directions)
    except optuna.exceptions.DuplicatedStudyError:
        return optuna.load_study(storage=store, study_name=name)


def _no_pruner() -> Any:
    from optuna.pruners import NopPruner

    return NopPruner()


def _leave_to_us(study: Any) -> None:
    """Trials whose driver is gone, for we hold its lock, wait to be asked again."""
    from optuna.trial import TrialState

    for each in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study._storage.set_trial_state_values(each._trial_id, TrialState.WAITING)


def _ask_again(study: Any, trial: Any) -> None:
    """A trial of another driver that has died: it does not count, its parameters are asked anew."""
    study.enqueue_trial(trial.params)


def _unsafe(name: str) -> Exception:
    return fail(
        "unsafe-name",
        "The study's name is that of a file, and this one is not safe.",
        where="tuner.study",
        found=repr(name)[:80],
        accepted="letters, digits, _ . - (1 to 64, first a letter or digit)",
        next_step="write tuner.study=my_study",
    )


def _not_alone() -> Exception:
    return fail(
        "deterministic-alone",
        "A study that several drivers share cannot repeat exactly.",
        where="tuner.deterministic",
        found="tuner.deterministic=true with tuner.storage",
        accepted="one of the two",
        next_step="leave out tuner.storage: the study is kept in outputs/studies",
    )
