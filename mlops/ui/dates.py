"""The axis of a picture that shows dates: where its marks stand, and what is written below them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

MINUTE, HOUR = 1 / 1440, 1 / 24
STEPS = (
    *(MINUTE * each for each in (1, 5, 15)),
    *(HOUR * each for each in (1, 3, 6, 12)),
    *(1, 2, 7, 14, 30, 91, 182, 365, 730),
)
MOST_MARKS = 6


def date_ticks(low: float, high: float) -> list[float]:
    """Marks from at or before `low` to at or after `high`, in days since the epoch.

    >>> date_ticks(20000.2, 20004.9)
    [20000.0, 20001.0, 20002.0, 20003.0, 20004.0, 20005.0]
    """
    if high - low < MINUTE:
        low, high = low - HOUR, high + HOUR
    step = next((each for each in STEPS if (high - low) / each <= MOST_MARKS), STEPS[-1])
    while (high - low) / step > MOST_MARKS:
        step *= 2
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(each * step) for each in range(first, last + 1)]


def date_text(tick: float, step: float) -> str:
    """What stands below a mark; marks are `step` days apart. Midnight tells the day.

    >>> date_text(20000.25, 0.25), date_text(20000, 0.25), date_text(20000, 182)
    ('06:00', '4 Oct', '2024-10')
    """
    at = datetime.fromtimestamp(round(tick * 86400), UTC)
    if step < 1 and (at.hour, at.minute) != (0, 0):
        return f"{at:%H:%M}"
    return f"{at:%Y-%m}" if step > 60 else f"{at.day} {at:%b}"
