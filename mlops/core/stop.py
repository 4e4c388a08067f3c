"""A wish to stop, kept until it is granted: libraries swallow the exception that tells of it.

Python raises KeyboardInterrupt wherever it happens to be. In a destructor or a callback of compiled
code it is printed and lost; in somebody's ``except:`` it is lost without a word.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

_asked = False


def heed() -> None:
    """From now on Ctrl-C and SIGTERM raise KeyboardInterrupt, and :func:`check` does so again.

    Ctrl-C stays ignored where it was ignored from the start, e.g. in a job of a shell script.
    """
    global _asked
    _asked = False
    signal.signal(signal.SIGTERM, _ask)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _ask)
    sys.unraisablehook = _lost


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
