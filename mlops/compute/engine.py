"""What an engine is to the house: it places workers where it has room, and keeps them there."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import urlsplit

from mlops.core.errors import ENVIRONMENT, MlopsError, fail
from mlops.core.secret import masked

LOOPBACK = "127.0.0.1"
ANSWER_S = 5.0


class Engine(ABC):
    """An engine that is ready to place workers; closed when no more are needed.

    Parameters
    ----------
    name : str
        The option's.
    size : int
        How many workers there are to be.
    threads : int
        Of the numeric libraries in each.
    host : str
        Address by which workers reach this machine.

    Attributes
    ----------
    ended : int
        How many workers have ended.
    said : str
        What the engine, or one that could not work, said last.
    """

    def __init__(self, name: str, *, size: int, threads: int, host: str = LOOPBACK) -> None:
        self.name, self.size, self.threads, self.host = name, size, threads, host
        self.ended, self.said = 0, ""

    @abstractmethod
    def place(self, call: Path) -> None:
        """Have one more :func:`mlops.compute.outpost.keep` done somewhere; returns at once.

        Raises
        ------
        MlopsError
            The engine refuses.
        """

    @abstractmethod
    def going(self) -> int:
        """How many of those that were placed wait for room, or work."""

    def close(self) -> None:
        """Give back what the engine has lent; workers have been told to end."""

    def _over(self, said: str) -> None:
        """One has ended, and said why, if it could not work."""
        self.ended += 1
        self.said = masked(said)[:300] or self.said


def answers(name: str, address: str) -> str:
    """Make sure that somebody listens at `address`, and say how this machine is reached from there.

    Parameters
    ----------
    name : str
        Of the option, for the error.
    address : str
        ``host:port``, with or without a scheme.

    Raises
    ------
    MlopsError
        It is no address, or nobody answers.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise away(name, address, "no host and port in it")
    try:
        with socket.create_connection((host, port), timeout=ANSWER_S) as reached:
            return str(reached.getsockname()[0])
    except OSError as error:
        raise away(name, address, str(error)) from error


def away(name: str, address: str, says: str) -> MlopsError:
    """The error for an engine that is not where it is said to be."""
    return fail(
        "engine-away",
        f"{name} does not answer at {masked(address)}.",
        where="compute.address",
        found=masked(says)[:200] or "no answer",
        accepted="host:port of a scheduler that runs, or null for one of its own on this machine",
        next_step="start it, correct compute.address, or write compute.address=null",
        exit_code=ENVIRONMENT,
    )
