"""A wish to stop, kept until it is granted: libraries swallow the exception that tells of it.

Python raises KeyboardInterrupt wherever it happens to be. In a destructor or a callback of compiled
code it is printed and lost; in somebody's ``except:`` it is lost without a word.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_asked = False


@contextmanager
def heeded() -> Iterator[None]:
    """Within the block Ctrl-C and SIGTERM raise KeyboardInterrupt, and :func:`check` once more.

    Ctrl-C stays ignored where it was ignored from the start, e.g. in a job of a shell script.
    """
    global _asked
    _asked = False
    heard = [signal.SIGTERM]
    heard += [signal.SIGINT] * (signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)
    before = {number: signal.signal(number, _ask) for number in heard}
    hook, sys.unraisablehook = sys.unraisablehook, _lost
    try:
        yield
    finally:
        _asked, sys.unraisablehook = False, hook
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def check() -> None:
    """Raise KeyboardInterrupt if somebody has asked to stop; called where that costs nothing."""
    if _asked:
        raise KeyboardInterrupt


def _ask(*_: Any) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt


def _lost(unraisable: Any) -> None:
    """An exception that cannot be raised: one of ours is kept, and nothing is printed of it."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
