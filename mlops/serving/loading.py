"""From a version in the registry to what workers serve: loaded, checked, lowered, proven."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from mlops.registry.opened import GOLDEN_ROWS, opened
from mlops.registry.subject import Subject, of_version
from mlops.registry.versions import Versions
from mlops.serving.lowered.lower import lower
from mlops.serving.nouns import LOWERED, ONNX, SKLEARN, Program, Row, Schema, Served
from mlops.serving.onnx import exported, is_faster
from mlops.serving.parity import difference
from mlops.serving.probes import probes
from mlops.serving.schema import rows_of, schema, spread
from mlops.serving.vectorised import Vectorised

FEW = 8  # rows; scikit-learn takes about as long for one as for these
TOLD = ("metrics", "primary", "data_fingerprint", "recipe", "requirements")


def load(versions: Versions, number: int, *, allowed: Iterable[str] = ()) -> tuple[Served, Any]:
    """Make a version ready to be served.

    Parameters
    ----------
    versions : Versions
        Of the registered model.
    number : int
    allowed : iterable of str
        The project's own patterns of types, see :func:`mlops.core.artefact.load`.

    Returns
    -------
    served : Served
        For the workers.
    pipeline : fitted estimator
        For :func:`vectorised`.

    Raises
    ------
    MlopsError
        There is no such version (exit code 2); its files are not as they were registered, not to
        be trusted, or it answers its golden rows otherwise than then (exit code 3).
    """
    found = of_version(versions, versions.version(number))
    with _nothing_collected():
        pipeline = opened(found.folder, found.about, allowed=allowed, is_proven=True)
        return _served(versions.model, number, found, pipeline), pipeline


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Imports make many objects that stay: looking for garbage among them takes a sixth longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def program(pipeline: Any, served: Served) -> Program:
    """The program of a model process: few rows as the workers answer them, more vectorised."""
    few, many = served.program, vectorised(pipeline, served.schema)
    if few is None:
        return many
    return lambda rows: few(rows) if len(rows) <= FEW else many(rows)


def vectorised(pipeline: Any, schema: Schema) -> Program:
    """The program that answers many rows at once, with scikit-learn itself."""
    return Vectorised(pipeline, schema)


def _served(model: str, number: int, found: Subject, pipeline: Any) -> Served:
    import pandas as pd
    from threadpoolctl import threadpool_limits

    about = found.about
    golden = pd.read_parquet(found.folder / GOLDEN_ROWS)
    learned = schema(found.folder, about, pipeline, golden)
    with threadpool_limits(1):  # of more threads each would wait for a core that others use
        path, program, why = _fastest(pipeline, learned, rows_of(golden, learned.inputs))
    return Served(
        model=model,
        version=number,
        run=str(about["run"]),
        schema=learned,
        program=program,
        path=path,
        why=why,
        about={
            **{key: about[key] for key in TOLD if key in about},
            "deciles": spread(found.folder, learned.target),
        },
    )


def _fastest(pipeline: Any, schema: Schema, known: list[Row]) -> tuple[str, Program | None, str]:
    """The fastest path that is exact, its program, and why it is this one."""
    reference, reasons = vectorised(pipeline, schema), []
    for path, make in ((LOWERED, lower), (ONNX, exported)):
        try:
            program, why = make(pipeline, schema)
            if program is not None:
                rows = probes(schema, program.front, program.model, known)
                why = difference(program, reference, rows)
                if not why and path == ONNX and not is_faster(program, reference, known[0]):
                    why = "no faster"
            if not why:
                return path, program, f"answers {len(rows)} rows as scikit-learn does"
        except Exception as error:  # whatever it is: scikit-learn can answer
            why = f"{type(error).__name__} while it was made"
        reasons.append(why)
    return SKLEARN, None, "; ".join(dict.fromkeys(reasons))
