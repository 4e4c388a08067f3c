"""Standard output is for what a command says; what the code that it runs prints goes beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_OUT, _BESIDE = 1, 2
_own: list[TextIO] = []


def output() -> TextIO:
    """Where what a command says goes."""
    return _own[-1] if _own else sys.stdout


@contextmanager
def output_kept() -> Iterator[None]:
    """In the block, only what is written to :func:`output` comes to standard output.

    What else is printed, by whatever means, here or in processes that are started here, goes to
    standard error.
    """
    printed = sys.stdout
    descriptor = _taken() if (_number(printed), _number(sys.stderr)) == (_OUT, _BESIDE) else None
    _own.append(printed if descriptor is None else _like(printed, descriptor))
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdout, own = printed, _own.pop()
        if descriptor is not None:
            printed.flush()
            os.dup2(descriptor, _OUT)
            own.flush()


def _number(stream: TextIO | None) -> int | None:
    """The descriptor of a stream; None if it has none, as a notebook's."""
    try:
        return None if stream is None else stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _taken() -> int:
    """A descriptor of our own for standard output, which is standard error from now on."""
    sys.stdout.flush()
    descriptor = os.dup(_OUT)
    os.dup2(_BESIDE, _OUT)
    return descriptor


def _like(stream: TextIO, descriptor: int) -> TextIO:
    # It stays open: a line that moves is taken off the terminal when all else has ended.
    return open(descriptor, "w", encoding=stream.encoding, errors=stream.errors, closefd=False)
