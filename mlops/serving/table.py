"""Who has which role: what the supervisor tells every process that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAIN, CANARY, SHADOW = "main", "canary", "shadow"
ROLES = (MAIN, CANARY, SHADOW)


@dataclass(frozen=True)
class Table:
    """One distribution of roles, which processes take over whole.

    Parameters
    ----------
    generation : int
        Each table has its own.
    numbers : dict of str to int
        Role to version; without those that nobody has.
    share : float in [0, 1]
        Of the requests that the canary answers.
    names : dict of str to int
        What the versions that answer may be called by.
    """

    generation: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)
    share: float = 0.0
    names: Mapping[str, int] = field(default_factory=dict)
