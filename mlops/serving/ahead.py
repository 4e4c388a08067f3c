"""A model process that is begun before anybody knows which version it is for.

Its imports take longer than all else that has to happen until a server answers, and they go on
beside what the command does meanwhile: composing, checking, reading the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops.serving.child import Child
from mlops.serving.giving_way import NEVER

_begun: list[Child] = []


def model_process(folder: Path, gives_way: str = NEVER) -> Child:
    """A model process, still without its orders."""
    environment = {
        "OMP_WAIT_POLICY": "PASSIVE",
        # Threads that are started by an import would give way for ever: OpenBLAS's, and Arrow's
        # for an allocator that it does not use.
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
    }
    return Child("mlops.serving.model_process", gives_way, folder=folder, environment=environment)


@contextmanager
def begun() -> Iterator[None]:
    """Have one on its way; it is ended behind the block if nobody has taken it."""
    _begun.append(model_process(Path.cwd()))
    try:
        yield
    finally:
        while _begun:
            child = _begun.pop()
            child.process.kill()
            child.end()


def taken() -> Child | None:
    """The one that was begun, if it is there and lives."""
    child = _begun.pop() if _begun else None
    if child is None or child.process.poll() is None:
        return child
    child.end()
    return None
