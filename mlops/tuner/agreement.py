"""What a study is about, written into it at its start: going on with it asks for the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlops.core.errors import MlopsError, fail
from mlops.core.tuning import Objective
from mlops.tuner.condition import Axis
from mlops.tuner.goals import Goal

if TYPE_CHECKING:
    from mlops.tuner.opening import Place

AGREED = "mlops"


def description(
    objective: Objective, axes: Sequence[Axis], goals: Sequence[Goal]
) -> dict[str, Any]:
    """What a study is about, as it is written into it."""
    keys = {axis.name for axis in axes}
    return {
        "key": objective.key or objective.name,
        "space": {axis.name: axis.text for axis in axes},
        "metrics": {goal.metric: goal.is_greater_better for goal in goals},
        "about": {key: each for key, each in (objective.about or {}).items() if key not in keys},
    }


def nearness(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> int:
    """2 where two studies are about the same, 1 where only values differ, 0 where parts do."""
    if all(theirs.get(part) == ours[part] for part in ("space", "metrics", "about")):
        return 2
    return int(_parts(theirs) == _parts(ours))


def _parts(described: Mapping[str, Any]) -> dict[str, Any]:
    about = described.get("about", {})
    return {key: each for key, each in about.items() if key.endswith("._target_")}


def agree(study: Any, ours: dict[str, Any], place: Place, *, is_new: bool) -> str:
    """Write into a new study what it is about, or compare that of an old one; gives its key.

    Raises
    ------
    MlopsError
        It is there and none was to be, or it searches something else.
    """
    theirs = study.user_attrs.get(AGREED)
    if theirs is None:
        study.set_user_attr(AGREED, ours)
        return str(ours["key"])
    if is_new:
        raise _exists(place)
    if theirs["space"] != ours["space"]:
        raise _differs("space", theirs["space"], ours["space"], "search space", place)
    if theirs["metrics"] != ours["metrics"]:
        raise _differs("metrics", theirs["metrics"], ours["metrics"], "metric", place)
    if theirs["about"] != ours["about"]:
        raise _differs("about", theirs["about"], ours["about"], "configuration", place)
    return str(theirs["key"])


def _exists(place: Place) -> MlopsError:
    return fail(
        "study-exists",
        f"There is a study {place.study} already.",
        where="tuner.study",
        found=str(place.study),
        accepted="a new name, or going on with that study",
        next_step="write tuner.resume=true to go on with it, or another tuner.study",
    )


def _differs(
    part: str, theirs: dict[str, Any], ours: dict[str, Any], says: str, place: Place
) -> MlopsError:
    """Told by the first key that is not the same."""
    keys = [*ours, *(key for key in theirs if key not in ours)]
    key = next(key for key in keys if theirs.get(key) != ours.get(key))
    before, now = (each.get(key, "not there") for each in (theirs, ours))
    return fail(
        f"study-{part}-differs",
        f"The study was begun with another {says}; its trials cannot be compared with new ones.",
        where={"space": f"tuner.space.{key}", "metrics": "tuner.metrics"}.get(part, key),
        found=f"{key}: {now}"[:200],
        accepted=f"{key}: {before}"[:200],
        next_step="go on with the configuration that it was begun with, or start anew: "
        + ("another tuner.study" if place.is_named else "tuner.resume=false"),
    )
