"""Work in a cluster of Dask: one of its own on this machine, or one that is there."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mlops.compute.elsewhere import Addressed
from mlops.compute.engine import ANSWER_S, LOOPBACK, Engine, answers, away
from mlops.compute.outpost import keep
from mlops.compute.processes import deaf_to_ctrl_c, without_main
from mlops.core.errors import ENVIRONMENT, fail

PREFIX = "mlops-worker"
LEAVE_S = 3  # for calls that still wait for room
# Dask listens for HTTP all the same: at a port that is free, as its own may be somebody else's.
NO_DASHBOARD = {"dashboard": False, "dashboard_address": f"{LOOPBACK}:0"}


class Dask(Addressed):
    """Crews of workers that Dask places; each holds one of Dask's threads while the crew is there.

    A process of Dask that is killed costs the tasks that its workers had. Workers on other hosts
    need the working folder and ``outputs`` on a file system that all hosts share, see
    :class:`mlops.compute.elsewhere.Elsewhere`.
    """

    name = "dask"

    def opened(self, folder: Path) -> Engine:
        """A cluster with room for workers."""
        return self._own(folder) if self.address is None else self._reached(self.address)

    def _own(self, folder: Path) -> Engine:
        from distributed import Client, LocalCluster

        size, threads = self._here()
        with _quieter() as quiet, without_main():
            # The thread that starts its processes, now and in place of one that died, is deaf too.
            with deaf_to_ctrl_c():
                cluster = LocalCluster(
                    n_workers=size,
                    threads_per_worker=1,
                    host=LOOPBACK,
                    scheduler_kwargs=NO_DASHBOARD,
                    security=True,  # nobody else on this machine has a say
                    memory_limit=0,
                    local_directory=str(folder),
                    silence_logs=logging.CRITICAL,
                )
                quiet.callback(cluster.close)
            client = Client(cluster, set_as_default=False)
            return _Cluster(client, quiet.pop_all(), size=size, threads=threads, host=LOOPBACK)

    def _reached(self, address: str) -> Engine:
        host = answers("dask", address)
        with _quieter() as quiet:
            client = _client(address)
            quiet.callback(client.close)
            size = self.workers or self._room(client)
            threads = self.threads or 1
            return _Cluster(client, quiet.pop_all(), size=size, threads=threads, host=host)

    def _room(self, client: Any) -> int:
        """Threads of all the workers that a cluster has, or gets while we wait."""
        with contextlib.suppress(TimeoutError):
            client.wait_for_workers(1, timeout=self.wait_s)
        size = sum(client.nthreads().values())
        if not size:
            raise fail(
                "no-worker-came",
                f"The cluster had no worker within {self.wait_s or 0:g} s.",
                where="compute.address",
                found=f"a scheduler without workers at {self.address}",
                accepted="a scheduler with workers, or compute.workers that will come",
                next_step=f"start one: dask worker {self.address}",
                exit_code=ENVIRONMENT,
            )
        return int(size)


class _Cluster(Engine):
    """A client, and the cluster if it is our own."""

    def __init__(
        self, client: Any, ending: ExitStack, *, size: int, threads: int, host: str
    ) -> None:
        super().__init__("dask", size=size, threads=threads, host=host)
        self._client, self._ending = client, ending
        self._futures: list[Any] = []

    def place(self, call: Path) -> None:
        key = f"{PREFIX}-{uuid.uuid4().hex[:12]}"
        try:
            future = self._client.submit(keep, str(call), key=key, pure=False, retries=0)
        except Exception as error:
            raise away("dask", self._client.scheduler.addr, f"it has gone: {error}") from error
        self._futures.append(future)

    def going(self) -> int:
        for future in [each for each in self._futures if each.done()]:
            self._futures.remove(future)
            self._over(_said(future))
        return len(self._futures)

    def close(self) -> None:
        from distributed import wait

        with self._ending, contextlib.suppress(Exception):  # what it lends has been given back
            if self._futures:
                with contextlib.suppress(TimeoutError):
                    wait(self._futures, timeout=LEAVE_S)
                self._client.cancel(self._futures)
            self._client.close()


def _client(address: str) -> Any:
    """A client; Dask's own time limit does not hold where somebody listens and is silent.

    Raises
    ------
    MlopsError
        What answers is no scheduler.
    """
    found: list[Any] = []

    def connect() -> None:
        from distributed import Client

        try:
            found.append(Client(address, set_as_default=False, timeout=ANSWER_S))
        except Exception as error:  # told below
            found.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(2 * ANSWER_S)
    if not found:
        raise away("dask", address, "somebody listens, but does not speak as a scheduler does")
    if isinstance(found[0], Exception):
        raise away("dask", address, f"{type(found[0]).__name__}: {found[0]}") from found[0]
    return found[0]


def _said(future: Any) -> str:
    try:
        return str(future.result(timeout=ANSWER_S))
    except Exception as error:  # its process was lost too often
        return f"{type(error).__name__}: {error}".split("\n")[0]


@contextlib.contextmanager
def _quieter() -> Iterator[ExitStack]:
    """Dask tells of all its comings and goings; what matters is told as an error of ours."""
    logger = logging.getLogger("distributed")
    with ExitStack() as ending:
        ending.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL)
        yield ending
