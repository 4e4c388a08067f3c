"""How a fault of the model or of ours is logged: where it happened, and not a word of its text.

The text of an exception may hold what was sent, and a log is read by people who may not see that.
"""

from __future__ import annotations

import logging
import sys
import traceback

_LOG = logging.getLogger("mlops.serving")


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
