"""How the processes of a server tell what goes wrong in them.

Of a fault of the model or of ours: where it happened, and not a word of its text, which may hold
what was sent; a log is read by people who may not see that.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback

_LOG = logging.getLogger("mlops.serving")


def begin() -> None:
    """Have this process's own log go to the server's, each line with its time, UTC, as there."""
    logging.Formatter.converter = time.gmtime
    line = "%(asctime)s.%(msecs)03dZ %(name)s: %(message)s"
    logging.basicConfig(format=line, datefmt="%Y-%m-%dT%H:%M:%S", level=logging.WARNING)


def log(says: str) -> None:
    """Log the exception that is being handled, behind what `says` happened.

    Examples
    --------
    >>> logging.getLogger("mlops.serving").addHandler(handler := logging.StreamHandler(sys.stdout))
    >>> try:
    ...     float("hush-hush")
    ... except ValueError:
    ...     log("request 1 was not answered")  # doctest: +ELLIPSIS
    request 1 was not answered: ValueError
      File "<doctest ...>", line 2, in <module>...
    >>> logging.getLogger("mlops.serving").removeHandler(handler)
    """
    kind, _, where = sys.exc_info()
    name = kind.__name__ if kind else "no exception"
    _LOG.error("%s: %s\n%s", says, name, "".join(traceback.format_tb(where)).rstrip())


class Trouble:
    """Something that cannot be written: told when it begins, when its cause changes, and its end.

    Parameters
    ----------
    what : str

    Examples
    --------
    >>> logging.getLogger("mlops.serving").addHandler(handler := logging.StreamHandler(sys.stdout))
    >>> trouble = Trouble("the diary")
    >>> for error in (OSError(28, "No space left"), OSError(28, "No space left"), None, None):
    ...     trouble.now(error)
    the diary cannot be written: No space left
    the diary can be written again
    >>> logging.getLogger("mlops.serving").removeHandler(handler)
    """

    def __init__(self, what: str) -> None:
        self.what, self._cause = what, ""

    def now(self, error: Exception | None) -> None:
        """Take note of how it went this time."""
        before, self._cause = self._cause, _cause(error) if error else ""
        if self._cause == before:
            return
        if error:
            _LOG.error("%s cannot be written: %s", self.what, self._cause)
        else:
            _LOG.warning("%s can be written again", self.what)


def _cause(error: Exception) -> str:
    """Without names of files, of which every try has another."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
