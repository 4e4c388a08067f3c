"""Work that gives way to whoever answers callers, by the machine's own scheduler.

A core that both want is the callers'; on one that nobody else wants nothing is slower.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

NEVER, WHILE_LOADING, ALWAYS = "never", "while loading", "always"  # does a model process
NICE = 10  # of a whole process

T = TypeVar("T")


def in_gaps(work: Callable[[], T]) -> T:
    """What `work` returns or raises, done by a thread that runs when no other wants its core.

    Linux knows that of single threads; elsewhere it runs as any other does.
    """
    with ThreadPoolExecutor(1, "in gaps", initializer=_give_way) as pool:
        return pool.submit(work).result()


def _give_way() -> None:
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some sandboxes refuse it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
