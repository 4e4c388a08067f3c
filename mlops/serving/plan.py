"""From what is wanted and what is ready to who has which role: decided here, done elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mlops.serving.table import CANARY, MAIN, ROLES, Table
from mlops.serving.watch import Wanted


def numbers(
    wanted: Mapping[str, int], now: Mapping[str, int], ready: Collection[int]
) -> dict[str, int]:
    """Who can have which role: who is wanted, if ready; until then, or for good, who has it now.

    Parameters
    ----------
    wanted, now : dict of str to int
        Role to version.
    ready : collection of int
        Versions that every process has at hand.

    Examples
    --------
    >>> numbers({"main": 2, "canary": 3}, {"main": 1}, {1, 3})
    {'main': 1, 'canary': 3}
    >>> numbers({"main": 3, "canary": 2}, {"main": 2}, {2})
    {'main': 2}
    """
    found: dict[str, int] = {}
    for role in ROLES:
        number = wanted.get(role, 0)
        if number and number not in ready:
            number = now.get(role, 0)
        if number and number not in found.values():
            found[role] = number
    return found


def table(
    generation: int,
    wanted: Wanted,
    now: Mapping[str, int],
    *,
    called: str | int,
    share: float,
) -> Table:
    """The table to hand out.

    Parameters
    ----------
    generation : int
    wanted : Wanted
    now : dict of str to int
        As :func:`numbers` gives it.
    called : str or int
        What the main version is asked for by: that name is its, also while the ledger says
        another that is not ready.
    share : float
        Of the canary.
    """
    answering = {number for role, number in now.items() if role != "shadow"}
    names = {name: number for name, number in wanted.names.items() if number in answering}
    if isinstance(called, str) and not called.isdigit() and MAIN in now:
        names[called] = now[MAIN]
    return Table(generation, dict(now), share, names)


def rows(table: Table, summaries: Mapping[int, dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """What a status says of the versions of a table, and of the share that each answers.

    >>> found = rows(Table(1, {"main": 1, "canary": 2}, 0.25), {1: {"path": "onnx"}, 2: {}})
    >>> found[0], found[1]["share"]
    ({'version': 1, 'role': 'main', 'share': 0.75, 'path': 'onnx'}, 0.25)
    """
    canary = table.share if CANARY in table.numbers else 0.0
    shares = {CANARY: canary, MAIN: 1.0 - canary}
    return tuple(
        {"version": number, "role": role, "share": shares.get(role, 0.0), **summaries[number]}
        for role, number in table.numbers.items()
    )
