"""The table of contents: the packaged one, with a project's own choices and values laid over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops.core.errors import REFUSED, MlopsError, Problem, closest, listed
from mlops.core.yamlfile import Document

if TYPE_CHECKING:
    from mlops.config.catalogue import Catalogue

SELF = "_self_"


def laid_over(ours: Document, own: Document, catalogue: Catalogue) -> dict[str, Any]:
    """The packaged table `ours` with what the project's ``conf/config.yaml`` says instead.

    The project names rooms and values that it wants to differ; the order of the rooms, and the
    lines that keep a recipe's values with its options, stay as they are.

    Raises
    ------
    MlopsError
        All entries that are no ``room: option`` line; exit code 3 for what is Hydra's own.
    """
    problems: list[Problem] = []
    choices = _choices(ours, own, catalogue, problems)
    if "hydra" in own.data:
        problems.append(_hydra(own, "hydra"))
    rooms = [room for each in ours.data["defaults"] for room in _room(each)]
    problems += [_values(own, key) for key in own.data if key in rooms]
    if problems:
        raise MlopsError(*problems)
    entries = [_entry(each, choices) for each in ours.data["defaults"]]
    values = {key: value for key, value in own.data.items() if key != "defaults"}
    return {**ours.data, **values, "defaults": entries}


def _choices(
    ours: Document, own: Document, catalogue: Catalogue, problems: list[Problem]
) -> dict[str, str]:
    rooms = [room for each in ours.data["defaults"] for room in _room(each)]
    entries = own.data.get("defaults") or []
    if not isinstance(entries, list):
        problems.append(_no_choice(own.at("defaults"), str(entries), rooms))
        return {}
    found: dict[str, str] = {}
    for index, entry in enumerate(entries):
        where = own.at(f"defaults.{index}")
        pair = list(entry.items()) if isinstance(entry, dict) else []
        room, option = pair[0] if len(pair) == 1 else (str(entry), None)
        if "hydra" in str(room):
            problems.append(_hydra(own, str(room), where))
        elif entry == SELF or str(room).startswith("optional of/"):
            continue
        elif room not in rooms:
            problems.append(_no_choice(where, str(room), rooms))
        elif not isinstance(option, str) or option not in catalogue.options(room):
            problems.extend(catalogue.missing(room, option, where).problems)
        else:
            found[room] = option
    return found


def _room(entry: Any) -> list[str]:
    return [key for key in entry if not key.startswith("optional")] if entry != SELF else []


def _entry(entry: Any, choices: dict[str, str]) -> Any:
    rooms = _room(entry)
    return {rooms[0]: choices.get(rooms[0], entry[rooms[0]])} if rooms else entry


def _values(own: Document, room: str) -> Problem:
    return Problem(
        code="room-values",
        says="The table of contents chooses options; it does not hold their values.",
        where=own.at(room),
        found=f"a section `{room}`",
        accepted="`- room: option` lines under defaults, and the keys beside the rooms",
        next_step=f"put these values into a recipe, or into a file conf/{room}/OPTION.yaml",
    )


def _no_choice(where: str, found: str, rooms: list[str]) -> Problem:
    nearest = closest(found, rooms)
    return Problem(
        code="unknown-room",
        says="The project's table of contents names something that is no room.",
        where=where,
        found=found[:80],
        accepted=f"`- room: option` lines; rooms: {listed(rooms, 30)}",
        closest=nearest,
        next_step=f"write `- {nearest or 'ROOM'}: OPTION`",
    )


def _hydra(own: Document, found: str, where: str = "") -> Problem:
    return Problem(
        code="hydra-refused",
        says="A configuration does not set up Hydra: mlops starts it itself.",
        where=where or own.at(found),
        found=found[:80],
        accepted="rooms, and the keys beside them",
        next_step="remove it; launcher and sweeper are chosen on the command line, with -m",
        exit_code=REFUSED,
    )
