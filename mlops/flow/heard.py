"""What libraries warn of while a run goes on: told with the verdict, not printed in between."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 5
QUOTED = re.compile(r"(['\"]).*?\1")
_FOR_PROGRAMMERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning)


@contextmanager
def heard() -> Iterator[list[warnings.WarningMessage]]:
    """Gather warnings; those that speak to programmers are left out.

    Examples
    --------
    >>> with heard() as caught:
    ...     warnings.warn("it did not converge", UserWarning, stacklevel=1)
    >>> sentences(caught)
    ('UserWarning: it did not converge',)
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for kind in _FOR_PROGRAMMERS:
            warnings.simplefilter("ignore", kind)
        yield caught


def sentences(
    caught: list[warnings.WarningMessage], *, without_values: bool = False
) -> tuple[str, ...]:
    """One line for each different warning, at most five.

    Parameters
    ----------
    caught : list of WarningMessage
    without_values : bool
        Leave out what is quoted: it may be a value of a sensitive column.
    """
    said = [f"{each.category.__name__}: {each.message}".split("\n")[0] for each in caught]
    told = list(dict.fromkeys(QUOTED.sub("…", line) if without_values else line for line in said))
    more = [f"and {len(told) - MOST} more warnings of libraries"] if len(told) > MOST else []
    return (*told[:MOST], *more)
