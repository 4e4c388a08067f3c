"""Several small runs in one transaction: MLflow commits some ten times for each, and waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


@contextmanager
def one_transaction(client: Any) -> Iterator[None]:
    """What `client` writes to its own database in the block is there as a whole, or not at all.

    MLflow's own code writes it, in one session instead of many. Where it would roll back and go
    on, what came before in the block would be lost without a word: there it ends.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Of a database.

    Raises
    ------
    RuntimeError
        MLflow wanted to roll back a part of it.
    """
    store = client._tracking_client.store
    make = store.ManagedSessionMaker
    with make(read_only=False) as session:
        session.commit, session.rollback = session.flush, _nothing_in_part
        store.ManagedSessionMaker = lambda read_only=True: nullcontext(session)
        try:
            yield
        finally:
            store.ManagedSessionMaker = make
            del session.commit, session.rollback


def _nothing_in_part() -> None:
    raise RuntimeError("a part of the transaction was to be rolled back")
