"""One request, from its bytes to the bytes of its answer: the same for workers and model process.

Nothing here waits, and nothing that a caller sends makes it raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from mlops.core.errors import MlopsError
from mlops.serving import faults, limits
from mlops.serving.distribution import Distribution
from mlops.serving.nouns import Answers, Program, Reply, Row, Served, Stamp
from mlops.serving.prepared import Prepared, prepare
from mlops.serving.protocols import classify, kserve, mlflow, plain, regress, tensorflow
from mlops.serving.refusal import Refusal, refused
from mlops.serving.settings import Settings
from mlops.serving.strictness import Read
from mlops.serving.unreadable import shown

PROTOCOLS: dict[str, ModuleType] = {
    "predict": plain,
    "invocations": mlflow,
    "v2": kserve,
    "tf_predict": tensorflow,
    "tf_classify": classify,
    "tf_regress": regress,
}
KEPT_ROWS = 1000  # of a reply that travels between processes


def answer(
    route: str,
    headers: dict[bytes, bytes],
    body: bytes,
    served: Served,
    program: Program,
    stamp: Stamp,
    settings: Settings,
) -> Reply:
    """Answer one request.

    Parameters
    ----------
    route : str
        A key of :data:`PROTOCOLS`.
    headers : dict of bytes to bytes
        Names in lower case; ``content-type``, ``content-encoding`` and
        ``inference-header-content-length`` are looked at.
    body : bytes
    served : Served
    program : callable
        Answers the rows; ``served.program``, or the model process's own.
    stamp : Stamp
    settings : Settings
    """
    return answered(route, headers, body, prepare(served, settings), program, stamp)


def answered(
    route: str,
    headers: dict[bytes, bytes],
    body: bytes,
    prepared: Prepared,
    program: Program,
    stamp: Stamp,
) -> Reply:
    """The same for a version that was prepared already."""
    protocol, version = PROTOCOLS[route], prepared.served.version
    try:
        encoding = headers.get(b"content-encoding")
        if encoding:
            body = limits.inflated(body, encoding, prepared.settings.max_bytes)
        read = protocol.read(prepared, headers, body)
        answers = asked(program, read.rows)
        reply: Reply = protocol.write(prepared, read, answers, stamp)
    except Refusal as refusal:
        return refuse(route, refusal, stamp.request_id, version)
    except Exception:  # a fault of the model or of ours
        faults.log(f"request {stamp.request_id} was not answered")
        fault = refused("failed", "The model could not answer; the server's log says why.")
        return refuse(route, fault, stamp.request_id, version)
    reply.rows, reply.answers, reply.count = read.rows, answers, len(read.rows)
    reply.unseen, reply.warnings = read.unseen, read.warnings
    return reply


def asked(program: Program, rows: Sequence[Row]) -> Answers:
    """What a program says of `rows`.

    Raises
    ------
    Refusal
        It cannot answer them.
    """
    try:
        return program(rows)
    except (ValueError, ArithmeticError, MlopsError):
        says = "The model cannot answer this: a value is missing or too large for it."
        raise refused("value-range", says, accepted="values like those it has learned") from None


def refuse(route: str, refusal: Refusal, request_id: str, version: int | None = None) -> Reply:
    """A refusal in the words of the route's protocol."""
    reply: Reply = PROTOCOLS.get(route, plain).refuse(refusal, request_id, version)
    if refusal.retry_s:
        reply.headers = (*reply.headers, (b"retry-after", str(refusal.retry_s).encode()))
    return reply


def quick(headers: dict[bytes, bytes], body: bytes, prepared: Prepared) -> Program | None:
    """The program with which a worker may answer at once; None for a body that others answer."""
    if len(body) > prepared.small or b"content-encoding" in headers:
        return None
    return prepared.served.program


def slim(reply: Reply, served: Served) -> Reply:
    """`reply` as it travels between processes: with a thousand of its rows at most."""
    if reply.answers is None or len(reply.rows) <= KEPT_ROWS:
        return reply
    values, chances = reply.answers.values, reply.answers.probabilities
    kept = replace(
        reply.answers,
        values=values[:KEPT_ROWS],
        probabilities=None if chances is None else chances[:KEPT_ROWS],
    )
    tally = Distribution(served).tally(values)
    return replace(reply, rows=reply.rows[:KEPT_ROWS], answers=kept, tally=tally)


def read_columns(
    columns: Mapping[str, Sequence[Any]], served: Served, settings: Settings, path: str = "{name}"
) -> Read:
    """Rows of columns that came by another way than HTTP, e.g. as tensors over gRPC.

    Parameters
    ----------
    columns : dict of str to sequence
        Of one length.
    served : Served
    settings : Settings
    path : str
        How the place of a value is written; ``{name}`` and ``{row}`` are filled in.

    Raises
    ------
    Refusal
    """
    places = {name: path.format(name=shown(name), row=0, at=0) for name in columns}
    return prepare(served, settings).decoders.careful.columnwise(columns, path, places)
