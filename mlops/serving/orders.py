"""What an admin may order: other traffic, from the next request on and until the server ends."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from mlops.core.errors import closest
from mlops.core.serving import Status
from mlops.serving.refusals import no_such_order
from mlops.serving.table import CANARY, SHADOW
from mlops.serving.watch import Asked, Wanted, number_of

STATUS, TRAFFIC, RELOAD = "status", "traffic", "reload"
VERBS = (STATUS, TRAFFIC, RELOAD)
KEYS = ("canary", "canary_share", "shadow")


def known(verb: str) -> str:
    """`verb`, if it is one.

    Raises
    ------
    MlopsError
        It is none.
    """
    if verb not in VERBS:
        nearest = closest(verb, VERBS) or STATUS
        raise no_such_order(verb, verb, ", ".join(VERBS), f"ask for {nearest}")
    return verb


def traffic(asked: Asked, payload: dict[str, Any], wanted: Wanted, versions: int) -> Asked:
    """Who is to serve after an order.

    Parameters
    ----------
    asked : Asked
        Who is to serve until then.
    payload : dict
        Any of `canary`, `canary_share` and `shadow`; null for nobody.
    wanted : Wanted
        For the names that there are.
    versions : int
        How many there are.

    Raises
    ------
    MlopsError
        A key is unknown, a share is no share, or nobody is called so.

    Examples
    --------
    >>> wanted = Wanted(1, {"main": 1}, {"champion": 1, "challenger": 2})
    >>> traffic(Asked(), {"canary": "challenger", "canary_share": 0.5}, wanted, 2)
    Asked(main='champion', canary='challenger', share=0.5, shadow=None)
    """
    for key, value in payload.items():
        if key not in KEYS:
            nearest = closest(key, KEYS) or KEYS[0]
            raise no_such_order(TRAFFIC, str(key), ", ".join(KEYS), f"write {nearest}")
        if key == "canary_share":
            is_share = isinstance(value, int | float) and not isinstance(value, bool)
            if not (is_share and 0 <= value <= 1):
                raise no_such_order(TRAFFIC, key, "a number from 0 to 1", "write 0.1")
            asked = replace(asked, share=float(value))
        else:
            called = _somebody(key, value, wanted, versions)
            asked = (
                replace(asked, canary=called) if key == "canary" else replace(asked, shadow=called)
            )
    return asked


def ordered(
    asked: Asked, wanted: Wanted, status: Status, failed: Collection[int]
) -> dict[str, Any]:
    """What an admin is told beside how it stands: what is ordered, and what comes of it.

    Parameters
    ----------
    asked, wanted : Asked, Wanted
        Who is to serve, and the same in numbers.
    status : Status
        What serves until then.
    failed : collection of int
        Versions that cannot be served.

    Examples
    --------
    >>> wanted = Wanted(1, {"main": 1, "canary": 2, "shadow": 0})
    >>> asked, now = Asked(canary="challenger", share=0.5), Status(pid=1, state="ready")
    >>> found = ordered(asked, wanted, now, [])
    >>> found["ordered"]
    {'canary': 'challenger', 'canary_share': 0.5, 'shadow': None}
    >>> found["says"]
    'version 2 is being loaded as the canary'
    """
    now = {each["role"]: each for each in status.serving}
    told = []
    for role in (CANARY, SHADOW):
        number = wanted.numbers.get(role, 0)
        has_it = now.get(role, {}).get("version", 0)
        if number in failed:
            told.append(f"version {number} cannot be the {role}: {status.problem}")
        elif number and number != has_it:
            told.append(f"version {number} is being loaded as the {role}")
        elif has_it and not number:
            told.append(f"version {has_it} is about to be the {role} no more")
        elif role == CANARY and has_it and now[role]["share"] != asked.share:
            told.append(f"the canary is about to answer {asked.share:g} of the requests")
    told += status.waits
    order = {"canary": asked.canary, "canary_share": asked.share, "shadow": asked.shadow}
    return {"ordered": order, "says": "; ".join(told) or "what is ordered is what serves"}


def _somebody(key: str, value: Any, wanted: Wanted, versions: int) -> str | int | None:
    if value is None:
        return None
    is_called = isinstance(value, str | int) and not isinstance(value, bool)
    if not (is_called and number_of(value, wanted.names, versions)):
        accepted = f"null, a number up to {versions}, or {', '.join(wanted.names) or 'a name'}"
        raise no_such_order(TRAFFIC, f"{key} is nobody", accepted, f"write {key}: null for nobody")
    return str(value) if isinstance(value, str) else value
