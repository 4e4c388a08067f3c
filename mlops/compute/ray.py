"""Work in an instance of Ray: one of its own on this machine, or one that is there."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mlops.compute.elsewhere import Addressed
from mlops.compute.engine import LOOPBACK, Engine, answers, away
from mlops.compute.outpost import keep
from mlops.core.errors import MlopsError

STORE_BYTES = 80 * 1024 * 1024  # the least that Ray takes: nothing of ours goes through it
LEAVE_S = 3.0  # for calls that still wait for room


class Ray(Addressed):
    """Crews of workers that Ray places; each is a call that takes `threads` of Ray's cores.

    A process of Ray that is killed costs the task that its worker had. In a process that has
    called ``ray.init`` that instance is used, and left as it is. After ``kill -9`` of the driver
    two helpers of its own instance (``ray::DashboardAgent``, ``ray::RuntimeEnvAgent``) give up
    after a minute only, and a folder with logs stays in the system's place for such. Workers on
    other hosts need the working folder and ``outputs`` on a file system that all hosts share, see
    :class:`mlops.compute.elsewhere.Elsewhere`.
    """

    name = "ray"

    def opened(self, folder: Path) -> Engine:
        """An instance with room for workers."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
        import ray

        if ray.is_initialized():
            return self._engine(ray, ray.util.get_node_ip_address(), ExitStack())
        return self._own(ray) if self.address is None else self._reached(ray, self.address)

    def _own(self, ray: Any) -> Engine:
        size, threads = self._here()
        with ExitStack() as ending:
            # Ray's sockets need a path that is short.
            place = tempfile.mkdtemp(prefix="ray")
            ending.callback(shutil.rmtree, place, ignore_errors=True)
            _started(
                ray,
                num_cpus=size * threads,
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                _node_ip_address=LOOPBACK,
                _temp_dir=place,
            )
            ending.callback(ray.shutdown)
            return _Instance(ray, ending.pop_all(), size=size, threads=threads, host=LOOPBACK)

    def _reached(self, ray: Any, address: str) -> Engine:
        host = answers("ray", address)
        with ExitStack() as ending:
            try:
                _started(ray, address=address)
            except Exception as error:
                raise away("ray", address, _cause(error)) from error
            ending.callback(ray.shutdown)
            return self._engine(ray, host, ending.pop_all())

    def _engine(self, ray: Any, host: str, ending: ExitStack) -> Engine:
        threads = self.threads or 1
        room = int(ray.cluster_resources().get("CPU", 0)) // threads
        size = self.workers or max(1, room)
        return _Instance(ray, ending, size=size, threads=threads, host=host)


class _Instance(Engine):
    """Calls of an instance that this process is connected to."""

    def __init__(self, ray: Any, ending: ExitStack, *, size: int, threads: int, host: str) -> None:
        super().__init__("ray", size=size, threads=threads, host=host)
        self._ray, self._ending = ray, ending
        self._keep = ray.remote(num_cpus=threads, max_retries=0)(keep)
        self._calls: list[Any] = []

    def place(self, call: Path) -> None:
        try:
            self._calls.append(self._keep.remote(str(call)))
        except Exception as error:
            raise self._gone(error) from error

    def going(self) -> int:
        try:
            over, self._calls = self._split(0)
        except Exception as error:
            raise self._gone(error) from error
        for each in over:
            self._over(self._said(each))
        return len(self._calls)

    def close(self) -> None:
        with self._ending, contextlib.suppress(Exception):  # what it lends has been given back
            _, self._calls = self._split(LEAVE_S)
            for each in self._calls:
                self._ray.cancel(each, force=True)

    def _split(self, wait_s: float) -> tuple[list[Any], list[Any]]:
        """Those that have ended, and those that have not."""
        if not self._calls:
            return [], []
        count = len(self._calls)
        over, going = self._ray.wait(self._calls, num_returns=count, timeout=wait_s)
        return list(over), list(going)

    def _said(self, call: Any) -> str:
        try:
            return str(self._ray.get(call, timeout=5))
        except Exception as error:  # its process was lost
            return f"{type(error).__name__}: {error}".split("\n")[0]

    def _gone(self, error: Exception) -> MlopsError:
        return away("ray", "the address it had", f"it has gone: {type(error).__name__}")


def _cause(error: BaseException) -> str:
    """What lies at the bottom of an error of Ray."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line for line in str(error).splitlines() if "Error: " in line]
    if any("AuthenticationError" in line for line in lines):
        return "it wants Ray's token: set RAY_AUTH_MODE=token, with the token in ~/.ray/auth_token"
    return (lines or [f"{type(error).__name__}: {error}"])[-1]


def _started(ray: Any, **values: Any) -> None:
    """Connect; what this process does with signals stays as it is."""
    with _signals_kept():
        ray.init(log_to_driver=False, logging_level=logging.CRITICAL, **values)


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    is_main = threading.current_thread() is threading.main_thread()
    kept = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, before in kept.items() if is_main else ():
            signal.signal(each, before)
