"""A worker process: takes tasks from a pipe, and ends with whoever holds its other end."""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

from mlops.compute.kin import Born, end_kin, keep_kin
from mlops.core.crew import RAISED, Setup, told

LIMITS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "LOKY_MAX_CPU_COUNT"),
)


def serve(pipe: Connection, setup: Setup, threads: int, environment: dict[str, str]) -> None:
    """Do the tasks that come through `pipe` until it is closed.

    Messages back are ``("ready",)``, ``("told", content)``, ``("ended", value, seconds)``,
    ``("failed", reason, says, seconds)`` and ``("broken", says)``.
    """
    gc.freeze()  # what all workers share is nobody's garbage: looking at it would copy it
    gc.enable()
    os.setsid()  # so that whatever a task starts can be ended with it
    keep_kin(pipe)  # in a session of its own too
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment, **limited(threads))
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, tasks), daemon=True).start()
    try:
        work = setup()
        _limit_threads(threads)
    except Exception as error:
        _answer(pipe, ("broken", told(error)[1]), 0)
        return
    _answer(pipe, ("ready",), 0)
    while True:
        task = tasks.get()
        began = perf_counter()
        try:
            value = work(task, lambda content: pipe.send(("told", content)))
            answer: tuple[Any, ...] = ("ended", value, perf_counter() - began)
        except SystemExit as error:
            os._exit(error.code if isinstance(error.code, int) else 1)
        except BaseException as error:
            answer = ("failed", *told(error), perf_counter() - began)
        _answer(pipe, answer, perf_counter() - began)


def _answer(pipe: Connection, answer: tuple[Any, ...], seconds: float) -> None:
    try:
        pipe.send(answer)
    except (OSError, BrokenPipeError):  # nobody is there to hear it
        end_group()
    except Exception as error:  # a value that cannot be sent
        pipe.send(("failed", RAISED, f"its value cannot be sent: {error}"[:200], seconds))


def _listen(pipe: Connection, tasks: queue.SimpleQueue[Any]) -> None:
    """Pass tasks on; when the driver is gone, however it went, end with all that was started."""
    try:
        while True:
            pipe.poll(None)  # who is stopped while it reads is not woken when the line breaks
            tasks.put(pipe.recv())
    except (EOFError, OSError):
        end_group()


def end_group() -> None:
    """End this worker and everything it has started, at once."""
    sys.stdout.flush()
    end_kin(Born.of(os.getpid()))


def limited(threads: int) -> dict[str, str]:
    """Environment variables that hold numeric libraries to `threads`."""
    return dict.fromkeys(LIMITS, str(threads))


def _limit_threads(threads: int) -> None:
    """Hold back libraries that were loaded before the variables were set."""
    if "threadpoolctl" not in sys.modules and "numpy" not in sys.modules:
        return
    import threadpoolctl

    threadpoolctl.threadpool_limits(threads)
