"""What cannot be lowered, and why."""

from __future__ import annotations

from typing import Any


class NotLowered(Exception):
    """A step, or what it learned, is not known.

    Parameters
    ----------
    step : object
    why : str
        More than that it is not known.
    """

    def __init__(self, step: Any, why: str = "") -> None:
        name = type(step).__name__
        super().__init__(f"{name}: {why}" if why else f"{name} is not known")


def name_of(step: Any) -> str:
    """Where the class of `step` is defined, and its name: subclasses are others.

    >>> name_of({})
    'builtins.dict'
    """
    return f"{type(step).__module__}.{type(step).__qualname__}"
