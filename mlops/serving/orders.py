"""What an admin may order: other traffic, from the next request on and until the server ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlops.core.errors import closest
from mlops.serving.refusals import no_such_order
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


def _somebody(key: str, value: Any, wanted: Wanted, versions: int) -> str | int | None:
    if value is None:
        return None
    is_called = isinstance(value, str | int) and not isinstance(value, bool)
    if not (is_called and number_of(value, wanted.names, versions)):
        accepted = f"null, a number up to {versions}, or {', '.join(wanted.names) or 'a name'}"
        raise no_such_order(TRAFFIC, f"{key} is nobody", accepted, f"write {key}: null for nobody")
    return str(value) if isinstance(value, str) else value
