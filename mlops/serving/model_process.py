"""A model process: one version, loaded and proven, which it then answers for as long as needed.

What it imports takes most of its start, and is the same for every version: it is there already
when the process hears which one it is for.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from mlops.core.errors import MlopsError, Problem
from mlops.core.serving import Spec
from mlops.serving import faults
from mlops.serving.giving_way import ALWAYS, NICE, WHILE_LOADING, in_gaps
from mlops.serving.refusals import unfit
from mlops.serving.wire import packed, received


def main(arguments: list[str]) -> None:
    """Run one: descriptor of the wire, when it gives way to others."""
    descriptor, gives_way = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if gives_way == ALWAYS:
        os.nice(NICE)
    faults.begin()
    wire = socket.socket(fileno=int(descriptor))
    try:
        made = _made(wire, in_gaps if gives_way == WHILE_LOADING else _at_once)
    except EOFError:
        return
    if isinstance(made, Problem):
        wire.sendall(packed(("failed", asdict(made))))
        return
    bench, pickled, name = made
    bench.open(name)
    summary = {"path": bench.served.path, "why": bench.served.why}
    wire.sendall(packed(("ready", pickled, summary)))
    try:
        while received(wire) == ("ping",):
            wire.sendall(packed(("pong",)))
        bench.close()  # that was the word to end
    except EOFError:
        return


def _at_once(work: Callable[[], Any]) -> Any:
    return work()


def _made(wire: socket.socket, done: Callable[..., Any]) -> tuple[Any, bytes, str] | Problem:
    """The bench, what workers get, and the bench's name; or why there is none."""
    number = 0
    try:
        done(_import)
        _start_pools()
        spec, folder, number, name = received(wire)
        os.chdir(folder)
        return *done(partial(_ready, spec, number)), name
    except EOFError:
        raise
    except MlopsError as error:
        return error.problems[0]
    except (Exception, MemoryError) as error:
        return _broken(number, error)


def _import() -> None:
    gc.disable()  # looking for garbage in what is imported takes a sixth longer
    from mlops.core.estimators import import_skops

    import_skops()
    for name in ("mlops.serving.bench", "mlops.serving.loading", "pyarrow.parquet"):
        importlib.import_module(name)
    gc.enable()


def _start_pools() -> None:
    """Have all threads that Arrow reads with: a thread is scheduled as the one that starts it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    file = BytesIO()
    pq.write_table(pa.table({"a": [1]}), file)
    pq.ParquetFile(file, pre_buffer=True).read()


def _ready(spec: Spec, number: int) -> tuple[Any, bytes]:
    """Load the version; give the bench for it, and what workers get."""
    sys.path.append(spec.project)  # the project's own classes
    from mlops.registry.ledger import Ledger
    from mlops.registry.versions import Versions
    from mlops.serving import loading
    from mlops.serving.bench import Bench
    from mlops.serving.settings import Settings

    ledger = Ledger(Path(spec.ledger), spec.model)
    versions = Versions(Path(spec.outputs), spec.model, ledger=ledger)
    served, pipeline = loading.load(versions, number, allowed=spec.allowed)
    program = loading.program(pipeline, served)
    pickled = pickle.dumps(served, pickle.HIGHEST_PROTOCOL)
    gc.collect()
    gc.freeze()
    return Bench(served, program, Settings.of(spec.settings)), pickled


def _broken(number: int, error: BaseException) -> Problem:
    return unfit(number, f"{type(error).__name__}: {error}".split("\n")[0][:200])


if __name__ == "__main__":
    main(sys.argv[1:])
    # Neither threads that nobody waits for nor the tidying up of all that was imported hold us up.
    os._exit(0)
